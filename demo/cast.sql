-- People with a story, by hand: dates are hours left, `teams` how many memberships end at that one moment.

create temp table member on commit drop as
select member.*, pg_temp.id('user', username) as id
from (values
    -- These twelve cross a step in move.sql, and their alerts get worse by it.
    ('halden-rail', 'Ida', 'Halvorsen', 'ida.halvorsen', null, 'SOC_ANALYST', 'contractor_1y', 7, 240, null, null, null, 0),
    ('halden-rail', 'Per', 'Nygaard', 'per.nygaard', null, 'SOC_ANALYST', 'contractor_1y', 7, 241, null, null, null, 0),
    ('halden-rail', 'Siri', 'Bakken', 'siri.bakken', null, 'SECURITY_ADMIN', 'temporary_90d', 7, 242, null, null, null, 0),
    ('halden-rail', 'Olav', 'Strand', 'olav.strand', null, 'SOC_ANALYST', 'temporary_90d', 7, 243, null, null, null, 0),
    ('halden-rail', 'Tone', 'Lien', 'tone.lien', null, 'SOC_ANALYST', 'temporary_60d', 7, 244, null, null, null, 0),
    ('brightwater-utilities', 'Grace', 'Whitfield', 'grace.whitfield', null,
     'SECURITY_ADMIN', 'permanent', 7, null, 240, null, null, 0),
    ('brightwater-utilities', 'Owen', 'Pryce', 'owen.pryce', null, 'SOC_ANALYST', 'permanent', 7, null, 241, null, null, 0),
    ('brightwater-utilities', 'Nell', 'Ashdown', 'nell.ashdown', null, 'SOC_ANALYST', 'permanent', 7, null, 242, null, null, 0),
    ('orchid-biotech', 'Yuki', 'Mori', 'yuki.mori', null, 'SOC_ANALYST', 'contractor_6m', 7, null, null, 240, null, 0),
    ('orchid-biotech', 'Ravi', 'Menon', 'ravi.menon', null, 'SOC_ANALYST', 'contractor_1y', 7, null, null, 241, null, 0),
    ('kestrel-aviation', 'Lena', 'Falk', 'lena.falk', null, 'SOC_ANALYST', 'permanent', 7, null, null, null, 240, 1),
    ('kestrel-aviation', 'Tom', 'Harrier', 'tom.harrier', null, 'SOC_ANALYST', 'permanent', 7, null, null, null, 241, 1),

    -- Several at once, and rights that must not lapse or linger unseen.
    ('acme-logistics', 'Vera', 'Quadros', 'vera.quadros', null, 'SECURITY_ADMIN', 'contractor_1y', 7, 100, 60, 250, 120, 1),
    ('globex-energy', 'Otis', 'Threefold', 'otis.threefold', null, 'SOC_ANALYST', 'permanent', 7, null, null, null, 130, 3),
    ('acme-logistics', 'Frances', 'Founder', 'frances.founder', null,
     'PLATFORM_FOUNDER', 'permanent', 7, null, 52, null, null, 0),
    ('northwind-health', 'Leon', 'Overdue', 'leon.overdue', null, 'PLATFORM_OWNER', 'temporary_60d', 7, -30, null, null, null, 0),

    -- Grace: none, fourteen days and still in it, unset and hence seven, long gone.
    ('initech-banking', 'Nora', 'Nograce', 'nora.nograce', null, 'SOC_ANALYST', 'temporary_30d', 0, -26, null, null, null, 0),
    ('initech-banking', 'Felix', 'Fortnight', 'felix.fortnight', null,
     'SOC_ANALYST', 'contractor_6m', 14, -240, null, null, null, 0),
    ('umbra-insurance', 'Uma', 'Unset', 'uma.unset', null, 'SOC_ANALYST', 'temporary_30d', null, -72, null, null, null, 0),
    ('umbra-insurance', 'Gus', 'Gone', 'gus.gone', null, 'SOC_ANALYST', 'temporary_90d', 7, -960, null, null, null, 0),

    -- An organisation that is suspended or deactivated still has active accounts, and they count.
    ('vantage-retail', 'Sam', 'Suspended', 'sam.suspended', null, 'SOC_ANALYST', 'contractor_1y', 7, 400, null, null, null, 0),
    ('tidewater-museum', 'Dora', 'Deactivated', 'dora.deactivated', null,
     'SOC_ANALYST', 'temporary_90d', 7, 200, null, null, null, 0),

    -- Names that want to be more than text.
    ('acme-logistics', '<b>Bold</b>', '<img src=x onerror=alert(1)>', '<script>alert("hello")</script>', 'script@acme-logistics.example',
     'SOC_ANALYST', 'temporary_30d', 7, 50, null, null, null, 0),
    ('acme-logistics', '=HYPERLINK("https://attacker.example","click")', '@SUM(1+1)', '=cmd()', 'formula@acme-logistics.example',
     'SOC_ANALYST', 'temporary_30d', 7, 51, null, null, null, 0),
    ('globex-energy', E'Carol\r\nBcc: everyone@globex-energy.example', 'Newline', E'carol\r\nnewline', 'carol@globex-energy.example',
     'SOC_ANALYST', 'temporary_30d', 7, 110, null, null, null, 0),
    ('globex-energy', U&'\202Egnp.exe', 'Override', U&'rtl.\202Eoverride', 'rtl@globex-energy.example',
     'SOC_ANALYST', 'temporary_30d', 7, 111, null, null, null, 0),
    ('northwind-health', '🦊 Fox', '👩‍⚕️', 'fox.🦊', 'fox@northwind-health.example',
     'SOC_ANALYST', 'temporary_30d', 7, 112, null, null, null, 0),
    ('northwind-health', '小龙', '李', '李小龙', 'xiaolong@northwind-health.example',
     'SOC_ANALYST', 'temporary_30d', 7, 113, null, null, null, 0),
    ('umbra-insurance', 'محمد', 'الأحمد', 'محمد.الأحمد', 'muhammad@umbra-insurance.example',
     'SOC_ANALYST', 'temporary_30d', 7, 114, null, null, null, 0),
    ('umbra-insurance', repeat('very ', 2000), 'Long', repeat('long', 2500), 'long@umbra-insurance.example',
     'SOC_ANALYST', 'temporary_30d', 7, 115, null, null, null, 0),

    -- Addresses that no mail reaches.
    ('initech-banking', 'Ned', 'Noat', 'ned.noat', 'ned.noat.initech-banking.example',
     'SOC_ANALYST', 'temporary_30d', 7, 116, null, null, null, 0),
    ('initech-banking', 'Tess', 'Twoat', 'tess.twoat', 'tess@@initech-banking.example',
     'SOC_ANALYST', 'temporary_30d', 7, 117, null, null, null, 0),
    ('initech-banking', 'Emory', 'Empty', 'emory.empty', '', 'SOC_ANALYST', 'temporary_30d', 7, 118, null, null, null, 0),
    ('globex-energy', 'Ivo', 'Inject', 'ivo.inject', E'ivo@globex-energy.example\r\nBcc: everyone@globex-energy.example',
     'SOC_ANALYST', 'temporary_30d', 7, 119, null, null, null, 0)
) as member (slug, first_name, last_name, username, email, role, account_type, grace, account, password, contract, membership, teams);

insert into users (
    id, organization_id, username, email, password_hash, first_name, last_name, title, department, role, permissions,
    is_active, is_verified, mfa_enabled, mfa_secret, login_count, failed_login_attempts, current_session_id,
    requires_password_change, created_at, updated_at, version, account_expires_at, password_expires_at, account_type,
    manager_user_id, contract_end_date, grace_period_days)
select member.id, pg_temp.id('organization', slug), member.username,
       coalesce(email, member.username || '@' || slug || '.example'), 'never-read hash of ' || md5(member.username),
       member.first_name, member.last_name, 'Specialist', 'Operations', role::userrole, '{"reports": ["read"]}',
       true, true, true, 'never-read secret of ' || md5(member.username), 12, 0,
       'never-read session of ' || md5(member.username), false, pg_temp.in_days(-400), pg_temp.in_days(-20), 1,
       pg_temp.in_hours(account), pg_temp.in_hours(password), member.account_type, manager.id,
       pg_temp.in_hours(contract), grace
from member
join employee as manager using (slug)
where manager.place = 1;

select pg_temp.join_group(username, slug, team, pg_temp.in_hours(membership))
from member,
     unnest('{Incident Response,Platform Admins,Customer Portal}'::text[]) with ordinality as joined (team, nth)
where nth <= teams;
