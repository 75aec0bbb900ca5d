-- Thirty days of audit log, an attack in it, and what compliance and security teams have on file.

-- Office hours from Monday to Friday, a fifth of that at weekends.
create temp table event on commit drop as
with moment as (
    select n, date_trunc('day', %(now)s::timestamptz) - pg_temp.dice('day ' || n, 30) * interval '1 day'
              + (7 + pg_temp.dice('hour ' || n, 11)) * interval '1 hour'
              + pg_temp.dice('second ' || n, 3600) * interval '1 second' as happened_at
    from generate_series(1, 26000) as n
), actor as (
    select id, slug, username, row_number() over (order by username) - 1 as n
    from employee
    where not has_left
)
select moment.n, happened_at, pg_temp.dice('event ' || moment.n, 100) as kind, actor.id, slug, username
from moment
join actor on actor.n = pg_temp.dice('actor ' || moment.n, (select count(*)::integer from actor))
where happened_at < %(now)s
  and (extract(isodow from happened_at) < 6 or pg_temp.dice('weekend ' || moment.n, 5) = 0);

create function pg_temp.log(
    name text, organization_id uuid, user_id uuid, event_type text, resource_type text, action text, success boolean,
    happened_at timestamptz, address text, error text default null, changes jsonb default null)
    returns void language sql as $$
    insert into audit_logs (
        id, organization_id, user_id, event_type, resource_type, resource_id, action, ip_address, user_agent, success,
        error_message, details, changes, retention_date, "timestamp")
    values (pg_temp.id('log', name), organization_id, user_id, event_type, resource_type, md5(name), action,
            address::inet, 'Mozilla/5.0', success, error, '{}', changes, happened_at + interval '1 year', happened_at)
    $$;

select pg_temp.log(
    n::text, pg_temp.id('organization', slug), id, event_type, resource_type, action, outcome, happened_at,
    '10.' || pg_temp.dice('net ' || username, 200) || '.4.' || pg_temp.dice('host ' || username, 250),
    case when not outcome then 'invalid password' end, changes)
from event
join (values
    (0, 45, 'login_success', 'user', 'login', true, null::jsonb),
    (45, 62, 'logout', 'user', 'logout', true, null),
    (62, 66, 'login', 'user', 'login', false, null),
    (66, 82, 'update', 'device', 'update_device', true, '{"before": {"patched": false}, "after": {"patched": true}}'),
    (82, 92, 'create', 'scan', 'start_scan', true, null),
    (92, 97, 'update', 'user_group_membership', 'change_group', true,
     '{"before": {"role_in_group": "member"}, "after": {"role_in_group": "manager"}}'),
    (97, 100, 'delete', 'device', 'retire_device', true, null)
) as pattern (from_kind, to_kind, event_type, resource_type, action, outcome, changes)
    on kind >= from_kind and kind < to_kind;

-- Two nights ago somebody tries 240 passwords of one owner in six minutes; the last one fits, and then rights are asked for.
create temp table attack on commit drop as
select id, organization_id, date_trunc('day', %(now)s::timestamptz) - interval '1 day 20 hours 48 minutes' as began_at,
       '203.0.113.66' as address
from users
where username = 'frances.founder';

select pg_temp.log('guess ' || n, organization_id, id, 'login', 'user', 'login', false,
                   began_at + n * interval '1.5 seconds', address, 'invalid password')
from attack, generate_series(1, 240) as n;

select pg_temp.log(event_type || n, organization_id, id, event_type, 'user', action, success,
                   began_at + (6 + n) * interval '1 minute', address)
from attack, (values
    (1, 'brute_force_attack', 'detected', true),
    (2, 'login_success', 'login', true),
    (3, 'privilege_escalation_attempt', 'grant_platform_founder', false),
    (4, 'privilege_escalation_attempt', 'join_platform_admins', false),
    (5, 'suspicious_access', 'export_users', true)
) as aftermath (n, event_type, action, success);

insert into compliance_controls
select pg_temp.id('control', slug || control_id), pg_temp.id('organization', slug), framework::compliancestandard,
       control_id, control_name, pg_temp.pick('state ' || slug || control_id, '{implemented,implemented,partial,planned}'),
       pg_temp.pick('works ' || slug || control_id, '{effective,effective,needs_improvement,not_tested}'),
       pg_temp.in_days(- pg_temp.dice('tested ' || slug || control_id, 300)),
       pg_temp.in_days(pg_temp.dice('next ' || slug || control_id, 200) - 30), 'quarterly', head.id
from employee as head, (values
    ('SOC2', 'CC6.1', 'Logical access is restricted'),
    ('SOC2', 'CC6.2', 'Access is granted and removed in time'),
    ('SOC2', 'CC7.2', 'Anomalies are detected'),
    ('ISO27001', 'A.5.15', 'Access control'),
    ('ISO27001', 'A.5.18', 'Access rights are reviewed'),
    ('NIST', 'AC-2', 'Account management'),
    ('HIPAA', '164.308(a)(3)', 'Workforce security'),
    ('GDPR', 'Art. 32', 'Security of processing')
) as control (framework, control_id, control_name)
where head.place = 1;

insert into security_findings
select pg_temp.id('finding', slug || n), pg_temp.id('organization', slug), finding_type, severity::findingseverity, title,
       risk_score, state, found_at, case state when 'resolved' then found_at + interval '3 days' end, service
from company, (values
    (1, 'misconfiguration', 'MEDIUM', 'Bucket is readable by every employee', 48, 'storage'),
    (2, 'vulnerability', 'HIGH', 'Library with a known remote execution', 78, 'portal'),
    (3, 'access', 'LOW', 'Account without a second factor', 22, 'identity'),
    (4, 'vulnerability', 'CRITICAL', 'Unpatched gateway', 94, 'gateway'),
    (5, 'certificate', 'LOW', 'Certificate ends within 30 days', 18, 'portal')
) as finding (n, finding_type, severity, title, risk_score, service),
     lateral (select pg_temp.pick('finding ' || slug || n, '{open,resolved,resolved}') as state,
                     pg_temp.in_days(-4 - pg_temp.dice('found ' || slug || n, 80)) as found_at) as history;
