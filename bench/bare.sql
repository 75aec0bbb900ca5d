-- The yardstick: the four kinds per organisation and step, counted by one statement and nothing else.
with due as (
    select u.organization_id, ends.kind, ends.ends_at - %(now)s::timestamptz as time_left
    from users as u,
         lateral (values ('account', u.account_expires_at),
                         ('password', u.password_expires_at),
                         ('contract', u.contract_end_date)) as ends (kind, ends_at)
    where u.is_active
      and (u.account_expires_at <= %(now)s::timestamptz + interval '720 hours'
           or u.password_expires_at <= %(now)s::timestamptz + interval '720 hours'
           or u.contract_end_date <= %(now)s::timestamptz + interval '720 hours')
      and ends.ends_at <= %(now)s::timestamptz + interval '720 hours'
    union all
    select u.organization_id, 'membership', m.expires_at - %(now)s::timestamptz
    from user_group_memberships as m
    join users as u on u.id = m.user_id
    where u.is_active and m.is_active and m.expires_at <= %(now)s::timestamptz + interval '720 hours'
)
select o.slug as organization, due.kind,
       count(*) filter (where time_left <= '0 hours') as expired,
       count(*) filter (where time_left > '0 hours' and time_left <= '24 hours') as step_1,
       count(*) filter (where time_left > '24 hours' and time_left <= '72 hours') as step_3,
       count(*) filter (where time_left > '72 hours' and time_left <= '168 hours') as step_7,
       count(*) filter (where time_left > '168 hours' and time_left <= '336 hours') as step_14,
       count(*) filter (where time_left > '336 hours') as step_30
from due
join organizations as o on o.id = due.organization_id
group by o.slug, due.kind
