-- What bench/tables.py copies into SecureNet's tables: one block per table, parameters users, organizations and now.
-- User n stands in block k = n / 1000 and in organisation (n + k) mod their number, so that whatever recurs every
-- 1,000 users is spread evenly over the organisations.

-- name: organizations
-- Organisations of equal size.
select md5('organization' || n)::uuid as id,
       'Organization ' || n as name,
       'organization-' || n as slug,
       'ACTIVE'::organizationstatus as status,
       'ENTERPRISE'::plantype as plan_type,
       50000 as user_limit,
       365 as retention_days,
       'it@organization-' || n || '.example' as primary_contact_email,
       %(now)s::timestamptz - interval '3 years' as created_at,
       %(now)s::timestamptz as updated_at
from generate_series(0, %(organizations)s - 1) as n

-- name: users
-- Of 1,000 users five are in the 30-day window: one account within the hour, and one account, password, contract and
-- membership (below) each spread over the 30 days. One account in 2,000 has expired. The rest never end, or later.
-- One user in 20 is inactive; half of those left with a date in the past.
select md5('user' || n)::uuid as id,
       md5('organization' || mod(n + k, %(organizations)s))::uuid as organization_id,
       'user' || n as username,
       'user' || n || '@organization-' || mod(n + k, %(organizations)s) || '.example' as email,
       rpad('', 60, md5('hash' || n)) as password_hash,
       initcap(substr(md5('first' || n), 1, 6)) as first_name,
       initcap(substr(md5('last' || n), 1, 9)) as last_name,
       'Analyst, tier ' || mod(n, 4) as title,
       'Department ' || mod(n, 12) as department,
       '+1555' || lpad(mod(n, 10000000)::text, 7, '0') as phone,
       (case mod(n, 100) when 50 then 'SECURITY_ADMIN' else 'SOC_ANALYST' end)::userrole as role,
       '{"alerts": ["read", "write"], "reports": ["read"]}'::jsonb as permissions,
       mod(n, 20) <> 19 as is_active,
       true as is_verified,
       mod(n, 3) <> 0 as mfa_enabled,
       case when mod(n, 3) <> 0 then md5('mfa' || n) end as mfa_secret,
       %(now)s::timestamptz - mod(n, 2000) * interval '1 hour' as last_login,
       mod(n, 900) as login_count,
       0 as failed_login_attempts,
       md5('session' || n) as current_session_id,
       %(now)s::timestamptz - interval '40 days' as last_password_change,
       false as requires_password_change,
       %(now)s::timestamptz - interval '2 years' as created_at,
       %(now)s::timestamptz as updated_at,
       1 as version,
       %(now)s::timestamptz + case
           when mod(n, 1000) = 0 then interval '30 minutes'
           when mod(n, 1000) = 1 then window_hours * interval '1 hour'
           when mod(n, 2000) = 7 then - window_hours * interval '1 hour'
           when mod(n, 40) = 39 then - later_days * interval '1 day'
           when mod(n, 10) in (5, 6, 8) then later_days * interval '1 day' end as account_expires_at,
       %(now)s::timestamptz + case
           when mod(n, 1000) = 2 then window_hours * interval '1 hour'
           when mod(n, 2) = 1 then later_days * interval '1 day' end as password_expires_at,
       case when mod(n, 8) = 3 then 12 end as contract_duration_months,
       case when mod(n, 8) = 3 then 'contractor_1y' else 'permanent' end as account_type,
       false as renewal_required,
       false as auto_extend_enabled,
       case when k > 0 then md5('user' || manager)::uuid end as manager_user_id,
       %(now)s::timestamptz + case
           when mod(n, 1000) = 3 then window_hours * interval '1 hour'
           when mod(n, 8) = 3 then later_days * interval '1 day' end as contract_end_date,
       false as expiration_notification_sent,
       7 as grace_period_days,
       'active' as account_status
from generate_series(0, %(users)s - 1) as n,
     lateral (select n / 1000 as k) as block,
     lateral (select k / 20 * 1000 + mod(mod(n, 1000) + k - k / 20, 1000) as manager,
                     2 + mod(k * 37, 718) as window_hours,
                     31 + mod(n::bigint * 7919, 1069) as later_days) as derived

-- name: user_groups
-- Ten groups in each organisation.
select md5('group' || organization || '-' || n)::uuid as id,
       md5('organization' || organization)::uuid as organization_id,
       'Group ' || n as name,
       'project'::grouptype as group_type,
       'business'::accesslevel as access_level,
       1 as level,
       true as is_active,
       false as is_system_group
from generate_series(0, %(organizations)s - 1) as organization, generate_series(0, 9) as n

-- name: user_group_memberships
-- 300 memberships per 1,000 users. One user in 1,000 loses two at one moment of the 30-day window, one in 100 later.
select md5('membership' || n || '-' || nth)::uuid as id,
       md5('user' || n)::uuid as user_id,
       md5('group' || mod(n + k, %(organizations)s) || '-' || mod(n / 10 + nth, 10))::uuid as group_id,
       'member'::grouprole as role_in_group,
       nth = 0 as is_primary_group,
       true as is_active,
       %(now)s::timestamptz - interval '1 year' as joined_at,
       %(now)s::timestamptz + case
           when mod(n, 1000) = 4 then (2 + mod(k * 37, 718)) * interval '1 hour'
           when mod(n, 100) = 5 then (31 + mod(n::bigint * 7919, 1069)) * interval '1 day' end as expires_at,
       %(now)s::timestamptz - interval '1 year' as created_at,
       %(now)s::timestamptz as updated_at
from generate_series(0, %(users)s - 1) as n,
     lateral (select n / 1000 as k) as block,
     generate_series(0, case when mod(n, 1000) = 4 then 1 else 0 end) as nth
where mod(n, 10) in (4, 5, 6)
