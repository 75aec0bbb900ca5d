-- The staff: nobody's end is near yet. Two in three permanent accounts have none, the others an end that never comes.

-- 71 first and 73 last names: counting through both at once meets no pair twice below 71 * 73.
create temp table employee on commit drop as
select slug, place, first_name, last_name, username, pg_temp.id('user', username) as id,
       place <= heads as is_head,
       place > heads and pg_temp.dice('leaves ' || username, 100) < 6 as has_left,
       case when place <= heads then 1 else 1 + pg_temp.dice('team ' || username, heads) end as manager_place,
       case when place > heads and pg_temp.dice('hired ' || username, 100) < 22
           then pg_temp.pick('as ' || username, '{contractor_6m,contractor_1y,temporary_30d,temporary_60d,temporary_90d}')
           else 'permanent' end as account_type
from company,
     generate_series(1, staff) as place,
     lateral (select
         (string_to_array(
             'Ada Alina Amir Ana Andrej Anna Aron Astrid Ben Björn Carla Carlos Chen Chloé Clara Daan Dana David Diego '
             'Elena Elif Emil Emma Erik Eva Farah Felix Fiona Freya Hana Hugo Ida Igor Ines Isaac Iván Jan Jana José '
             'Julia Kai Karim Klara Lars Lea Leo Lina Luca Maja Marco Maria Mateo Maya Mia Mila Nadia Nils Nina Noah '
             'Nora Olga Omar Oskar Paula Petra Priya Rafael Rosa Samir Sofía Zoë', ' '
         ))[1 + mod(hired_before + place, 71)] as first_name,
         (string_to_array(
             'Abbott Adeyemi Almeida Andersson Aydin Bauer Becker Bianchi Bondar Brandt Castro Chang Cohen Costa Dahl '
             'Demir Dubois Eklund Eriksen Farkas Ferrari Fischer Fontaine Garcia Gruber Haas Hansen Herrera Horvat '
             'Ibrahim Ito Ivanova Jansen Jensen Kaya Keller Kim Klein Kovacs Kowalski Kumar Larsen Lehmann Lindqvist '
             'Lopez Madsen Mancini Martens Mbeki Meyer Moreau Müller Nakamura Nguyen Novak Nowak Okafor Olsen Park '
             'Patel Pereira Petrov Rossi Santos Sato Schmid Silva Sørensen Tanaka Torres Vogel Weber Wójcik', ' '
         ))[1 + mod(hired_before + place, 73)] as last_name) as person,
     lateral (select translate(lower(first_name || '.' || last_name), 'áéëíóöøü', 'aeeiooou') as username) as login;

insert into users (
    id, organization_id, username, email, password_hash, first_name, last_name, title, department, phone, role,
    permissions, is_active, is_verified, mfa_enabled, mfa_secret, last_login, login_count, failed_login_attempts,
    current_session_id, last_password_change, requires_password_change, created_at, updated_at, version, account_type,
    manager_user_id, grace_period_days)
select e.id, pg_temp.id('organization', slug), e.username, e.username || '@' || slug || '.example',
       'never-read hash of ' || e.username, e.first_name, e.last_name,
       case when e.place = 1 then 'Managing Director' when e.is_head then 'Team Lead' else 'Specialist' end,
       pg_temp.pick('desk ' || e.username, '{Engineering,Operations,Finance,Legal,Sales,Support,Security,People}'),
       '+1555' || lpad(pg_temp.dice('phone ' || e.username, 10000000)::text, 7, '0'),
       case when e.place = 1 then 'PLATFORM_OWNER'::userrole
           when pg_temp.dice('role ' || e.username, 100) < 4 then 'SECURITY_ADMIN' else 'SOC_ANALYST' end,
       '{"reports": ["read"]}', not e.has_left, true, pg_temp.dice('mfa ' || e.username, 10) < 8,
       'never-read secret of ' || e.username, pg_temp.in_hours(- pg_temp.dice('seen ' || e.username, 24 * 40)),
       pg_temp.dice('logins ' || e.username, 900), 0, 'never-read session of ' || e.username,
       pg_temp.in_hours(- pg_temp.dice('changed ' || e.username, 24 * 200)), false, pg_temp.in_days(-400),
       pg_temp.in_days(-20), 1, e.account_type, case when e.place > 1 then manager.id end,
       case pg_temp.dice('grace ' || e.username, 20) when 0 then 14 when 1 then null else 7 end
from employee e
join employee manager using (slug)
where manager.place = case when e.is_head then 1 else e.manager_place end;

update users set account_expires_at = case pg_temp.dice('never ' || username, 9)
    when 0 then 'infinity'::timestamptz when 1 then '9999-12-31' when 2 then '9999-12-31 23:59:59.999999' end
where account_type = 'permanent';

update users set account_expires_at = pg_temp.in_days(34 + pg_temp.dice('ends ' || username, 56))
where account_type like 'temporary%%';

update users set contract_duration_months = case account_type when 'contractor_6m' then 6 else 12 end,
    contract_start_date = pg_temp.in_days(-20),
    contract_end_date = pg_temp.in_days(34 + pg_temp.dice('contract ' || username, 300)),
    renewal_required = pg_temp.dice('renewal ' || username, 2) = 0
where account_type like 'contractor%%';

-- Two in five sign in with a password of their own, the others through their company's single sign-on.
update users set password_expires_at = pg_temp.in_days(34 + pg_temp.dice('password ' || username, 320))
where pg_temp.dice('sign-on ' || username, 5) < 2;

-- Who has left keeps their dates, often in the past or the near future: none of them may be counted.
update users set account_status = 'disabled',
    account_expires_at = pg_temp.in_days(10 - pg_temp.dice('left ' || username, 200))
where not is_active;
