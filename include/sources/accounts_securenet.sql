-- name: expiring
-- Who has lost access or will by the horizon: a row per account, kind and moment. Memberships that end together are its items.
with due as (
    -- One pass for three dates: this OR uses the index of each.
    -- Both halves have the same column types to the letter, or PostgreSQL reads all users without parallel workers.
    select u.id, ends.kind, greatest(ends.ends_at, '1900-01-01 00:00:00+00') as expires_at, 1::bigint as items, null::text as group_names,
           u.organization_id, u.username, u.first_name, u.last_name, u.email, u.department, u.role,
           u.grace_period_days, u.manager_user_id
    from users as u,
         lateral (values ('account', u.account_expires_at),
                         ('password', u.password_expires_at),
                         ('contract', u.contract_end_date)) as ends (kind, ends_at)
    where u.is_active
      and (u.account_expires_at <= %(horizon)s or u.password_expires_at <= %(horizon)s or u.contract_end_date <= %(horizon)s)
      and ends.ends_at <= %(horizon)s
    union all
    select u.id, 'membership', ended.expires_at, ended.items, ended.group_names,
           u.organization_id, u.username, u.first_name, u.last_name, u.email, u.department, u.role,
           u.grace_period_days, u.manager_user_id
    from (select m.user_id, greatest(m.expires_at, '1900-01-01 00:00:00+00') as expires_at,
                 count(*) as items, string_agg(g.name, ', ' order by g.name) as group_names
          from user_group_memberships as m
          join user_groups as g on g.id = m.group_id
          where m.is_active and m.expires_at <= %(horizon)s
          group by 1, 2) as ended
    join users as u on u.id = ended.user_id
    where u.is_active
)
select due.id::text as account_id,
       due.kind,
       due.expires_at,
       due.items,
       coalesce(due.grace_period_days, 7) as grace_days,
       due.username,
       coalesce(nullif(trim(concat_ws(' ', due.first_name, due.last_name)), ''), due.username)
           as full_name,
       due.email,
       o.slug as organization,
       due.department,
       due.role::text as role,
       manager.email as manager_email,
       coalesce(nullif(trim(concat_ws(' ', manager.first_name, manager.last_name)), ''), manager.username)
           as manager_name,
       due.group_names
from due
join organizations as o on o.id = due.organization_id
left join users as manager on manager.id = due.manager_user_id and manager.id <> due.id and manager.is_active

-- name: present
-- A row if there is any active account.
select 1 from users where is_active limit 1

-- name: population
-- Active accounts of each organisation, those without any included: a source with 0 in all has failed.
select o.slug as organization, coalesce(active.accounts, 0) as accounts
from organizations as o
left join (select organization_id, count(*) as accounts from users where is_active group by organization_id) as active
    on active.organization_id = o.id

-- name: calendar
-- How many expire on each day after now, up to the horizon; days are those of the session's time zone.
with due as (
    select u.organization_id, ends.kind, ends.ends_at
    from users as u,
         lateral (values ('account', u.account_expires_at),
                         ('password', u.password_expires_at),
                         ('contract', u.contract_end_date)) as ends (kind, ends_at)
    where u.is_active
      and (u.account_expires_at > %(now)s and u.account_expires_at <= %(horizon)s
           or u.password_expires_at > %(now)s and u.password_expires_at <= %(horizon)s
           or u.contract_end_date > %(now)s and u.contract_end_date <= %(horizon)s)
      and ends.ends_at > %(now)s and ends.ends_at <= %(horizon)s
    union all
    select u.organization_id, 'membership', m.expires_at
    from user_group_memberships as m
    join users as u on u.id = m.user_id
    where u.is_active and m.is_active and m.expires_at > %(now)s and m.expires_at <= %(horizon)s
), day as (
    select organization_id, kind, ends_at::date as day, count(*) as accounts from due group by 1, 2, 3
)
select o.slug as organization, day.kind, day.day, day.accounts
from day
join organizations as o on o.id = day.organization_id
