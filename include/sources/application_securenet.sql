-- name: active_users
-- Accounts that logged in or did something in the last 15 minutes, by organisation.
-- unit: users
-- labels: organization
with active as (
    select organization_id, id from users where is_active and last_login > now() - interval '15 minutes'
    union
    select u.organization_id, u.id
    from audit_logs as a
    join users as u on u.id = a.user_id
    where a."timestamp" > now() - interval '15 minutes' and a.success and u.is_active
)
select o.slug as organization, count(active.id) as value
from organizations as o
left join active on active.organization_id = o.id
group by o.slug
order by value desc, o.slug

-- name: sessions
-- Sessions of active accounts that have not expired, by organisation.
-- unit: sessions
-- labels: organization
select o.slug as organization, count(u.id) as value
from organizations as o
left join users as u on u.organization_id = o.id and u.is_active and u.session_expires_at > now()
group by o.slug
order by value desc, o.slug

-- name: api_calls
-- Calls in the last 5 minutes that the audit log holds, by organisation.
-- unit: calls
-- labels: organization
-- cheap: yes
select o.slug as organization, coalesce(calls.number, 0) as value
from organizations as o
left join (
    select organization_id, count(*) as number from audit_logs where "timestamp" > now() - interval '5 minutes' group by 1
) as calls on calls.organization_id = o.id
order by value desc, o.slug

-- name: failed_calls
-- Those of them that failed, by organisation.
-- unit: calls
-- labels: organization
-- cheap: yes
select o.slug as organization, coalesce(calls.number, 0) as value
from organizations as o
left join (
    select organization_id, count(*) as number
    from audit_logs
    where "timestamp" > now() - interval '5 minutes' and not success
    group by 1
) as calls on calls.organization_id = o.id
order by value desc, o.slug
