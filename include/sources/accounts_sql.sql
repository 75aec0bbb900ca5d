-- name: may_identify
-- Whether the role may know PostgreSQL's own number of the server.
select has_function_privilege(to_regprocedure('pg_control_system()'), 'execute')

-- name: identify
-- That number, which a server keeps for as long as it lives.
select system_identifier from pg_control_system()

-- name: listing
-- The user's or the shipped list as the store loads it: typed, without NULL, nothing longer than an index takes, ends that are no dates clamped or left out.
copy (
    select case when length(account_id::text) > 200 then md5(account_id::text) else account_id::text end, kind::text, greatest(expires_at::timestamptz, timestamptz '1900-01-01 00:00:00+00') as expires_at,
           coalesce(items::int, 1), least(greatest(coalesce(grace_days, 7), 0), 36500)::int, coalesce(username::text, ''), coalesce(full_name::text, ''),
           left(coalesce(email::text, ''), 321), {label}, coalesce(department::text, ''), coalesce(role::text, ''),
           coalesce(manager_name::text, ''), left(coalesce(manager_email::text, ''), 321), coalesce(group_names::text, '')
    from (
        {expiring}
    ) as listed
    where expires_at::timestamptz <= %(horizon)s and kind in ('account', 'password', 'contract', 'membership')
      and (%(organization)s::text is null or {label} = %(organization)s)
) to stdout

-- name: present
-- Whether there is one active account.
select exists (
    select from (
        {present}
    ) as active
)

-- name: population
-- Active accounts per organisation.
copy (
    select %(source)s::text, {label}, sum(accounts)::bigint
    from (
        {population}
    ) as counted
    group by 2
) to stdout

-- name: calendar
-- What ends on which day of the next three months.
copy (
    select %(source)s::text, {label}, kind::text, day::date, sum(accounts)::bigint
    from (
        {calendar}
    ) as counted
    where kind in ('account', 'password', 'contract', 'membership')
    group by 2, 3, 4
) to stdout
