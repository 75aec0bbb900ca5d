-- Groups of each organisation, and who is in them: everyone in their department, one in four in a project.

create temp table team on commit drop as
select company.slug, team.*, pg_temp.id('group', slug || ' ' || team.name) as id
from company, (values
    ('All Staff', 'system', 'business', null),
    ('Engineering', 'department', 'it_ops', 'All Staff'),
    ('Operations', 'department', 'it_ops', 'All Staff'),
    ('Finance', 'department', 'business', 'All Staff'),
    ('Legal', 'department', 'business', 'All Staff'),
    ('Sales', 'department', 'business', 'All Staff'),
    ('Support', 'department', 'business', 'All Staff'),
    ('Security', 'department', 'security_ops', 'All Staff'),
    ('People', 'department', 'business', 'All Staff'),
    ('Cloud Migration', 'project', 'it_ops', null),
    ('Annual Audit', 'project', 'business', null),
    ('Incident Response', 'custom', 'security_ops', null),
    ('Platform Admins', 'custom', 'platform_admin', null),
    ('Customer Portal', 'customer', 'external', null)
) as team (name, group_type, access_level, parent);

insert into user_groups (
    id, organization_id, name, group_type, access_level, parent_group_id, group_path, level, is_active, is_system_group,
    created_at, updated_at)
select id, pg_temp.id('organization', slug), name, group_type::grouptype, access_level::accesslevel,
       pg_temp.id('group', slug || ' ' || parent), concat_ws('/', parent, name), (parent is not null)::integer,
       name <> 'Customer Portal', group_type = 'system', pg_temp.in_days(-400), pg_temp.in_days(-20)
from team;

create function pg_temp.join_group(member text, slug text, team text, until timestamptz, active boolean default true)
    returns void language sql as $$
    insert into user_group_memberships (
        id, user_id, group_id, role_in_group, is_primary_group, is_active, joined_at, expires_at, created_at, updated_at)
    values (pg_temp.id('membership', member || ' ' || team), pg_temp.id('user', member),
            pg_temp.id('group', slug || ' ' || team), 'member', until is null, active,
            pg_temp.in_days(-90), until, pg_temp.in_days(-90), pg_temp.in_days(-20))
    $$;

select pg_temp.join_group(username, slug, department, null)
from employee join users using (id, username);

select pg_temp.join_group(username, slug, 'Cloud Migration', pg_temp.in_days(34 + pg_temp.dice('project ' || username, 200)))
from employee where pg_temp.dice('joins ' || username, 4) = 0;

-- A membership that was ended, and one whose member has left, both past their date: neither may be counted.
select pg_temp.join_group(username, slug, 'Annual Audit', pg_temp.in_days(-3), active => has_left)
from employee where has_left or pg_temp.dice('audits ' || username, 100) = 0;
