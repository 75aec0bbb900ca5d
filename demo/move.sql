-- Twelve people of the cast come closer to their end, each over a step; who is there already stays.
with move (username, kind, hours_left) as (values
    ('ida.halvorsen', 'account', 156),
    ('per.nygaard', 'account', 156),
    ('siri.bakken', 'account', 156),
    ('olav.strand', 'account', 156),
    ('tone.lien', 'account', 156),
    ('grace.whitfield', 'password', 60),
    ('owen.pryce', 'password', 60),
    ('nell.ashdown', 'password', 60),
    ('yuki.mori', 'contract', 156),
    ('ravi.menon', 'contract', 156),
    ('lena.falk', 'membership', 60),
    ('tom.harrier', 'membership', 60)
), target as (
    select id, kind, date_trunc('hour', %(now)s::timestamptz + hours_left * interval '1 hour') as ends_at
    from move join users using (username)
), moved_users as (
    update users
    set account_expires_at = case kind when 'account' then ends_at else account_expires_at end,
        password_expires_at = case kind when 'password' then ends_at else password_expires_at end,
        contract_end_date = case kind when 'contract' then ends_at else contract_end_date end
    from target
    where users.id = target.id
      and case kind when 'account' then account_expires_at when 'password' then password_expires_at
                    when 'contract' then contract_end_date end > ends_at
    returning 1
), moved_memberships as (
    update user_group_memberships
    set expires_at = ends_at
    from target
    where user_id = target.id and kind = 'membership' and expires_at > ends_at
    returning 1
)
select (select count(*) from moved_users) + (select count(*) from moved_memberships)
