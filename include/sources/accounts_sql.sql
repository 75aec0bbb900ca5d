-- name: listing
-- The user's or the shipped list as the store loads it: typed, without NULL, ends that are no dates clamped or left out.
copy (
    select account_id::text, kind::text, greatest(expires_at::timestamptz, timestamptz '1900-01-01 00:00:00+00') as expires_at,
           coalesce(items::int, 1), coalesce(grace_days::int, 7), coalesce(username::text, ''), coalesce(full_name::text, ''),
           coalesce(email::text, ''), coalesce(organization::text, ''), coalesce(department::text, ''), coalesce(role::text, ''),
           coalesce(manager_name::text, ''), coalesce(manager_email::text, ''), coalesce(group_names::text, '')
    from (
        {expiring}
    ) as listed
    where expires_at::timestamptz <= %(horizon)s and kind in ('account', 'password', 'contract', 'membership')
      and (%(organization)s::text is null or organization = %(organization)s)
) to stdout

-- name: population
-- Active accounts per organisation.
copy (
    select %(source)s::text, coalesce(organization::text, ''), sum(accounts)::bigint
    from (
        {population}
    ) as counted
    group by 2
) to stdout

-- name: calendar
-- What ends on which day of the next three months.
copy (
    select %(source)s::text, coalesce(organization::text, ''), kind::text, day::date, sum(accounts)::bigint
    from (
        {calendar}
    ) as counted
    where kind in ('account', 'password', 'contract', 'membership')
    group by 2, 3, 4
) to stdout
