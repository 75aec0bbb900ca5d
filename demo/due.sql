-- How many people of each kind stand how near to their end, in hours left; expired ones in and past the week of grace.

create temp table slot on commit drop as
select kind, near, from_hours, to_hours,
       row_number() over (partition by kind, near order by from_hours, nth) as place
from (values
    ('account', 336, 720, 28, 6), ('account', 168, 336, 17, 5), ('account', 72, 168, 10, 0), ('account', 24, 72, 5, 0),
    ('account', 0, 24, 3, 0), ('account', -168, 0, 11, 0), ('account', -480, -168, 3, 0),
    ('password', 336, 720, 28, 6), ('password', 168, 336, 15, 4), ('password', 72, 168, 8, 0), ('password', 24, 72, 4, 0),
    ('password', 0, 24, 2, 0), ('password', -168, 0, 6, 0), ('password', -480, -168, 1, 0),
    ('contract', 336, 720, 14, 4), ('contract', 168, 336, 8, 3), ('contract', 72, 168, 5, 0), ('contract', 24, 72, 2, 0),
    ('contract', 0, 24, 1, 0), ('contract', -168, 0, 3, 0), ('contract', -480, -168, 1, 0),
    ('membership', 336, 720, 14, 4), ('membership', 168, 336, 9, 3), ('membership', 72, 168, 5, 0),
    ('membership', 24, 72, 3, 0), ('membership', 0, 24, 1, 0), ('membership', -168, 0, 4, 0)
) as plan (kind, from_hours, to_hours, in_large, in_small),
     lateral (values ('all steps', in_large), ('early steps', in_small)) as pool (near, people),
     generate_series(1, people) as nth;

-- Each kind draws its people by itself, so a few have two dates near; heads stay out, they are in copy.
create temp table due on commit drop as
select candidate.*, pg_temp.in_hours(from_hours + 3 + pg_temp.dice(kind || ' hours ' || username, to_hours - from_hours - 6)) as ends_at
from slot
join (select id, slug, username, kind, near,
             row_number() over (partition by kind, near order by md5(kind || username)) as place
      from employee join company using (slug), unnest('{account,password,contract,membership}'::text[]) as kind
      where not has_left and not is_head and (kind in ('password', 'membership') or account_type <> 'permanent')
        and (kind <> 'contract' or account_type like 'contractor%%')
     ) as candidate using (kind, near, place);

update users set
    grace_period_days = 7,
    account_expires_at = coalesce(due.account, account_expires_at),
    password_expires_at = coalesce(due.password, password_expires_at),
    contract_end_date = coalesce(due.contract, contract_end_date)
from (select id,
             max(ends_at) filter (where kind = 'account') as account,
             max(ends_at) filter (where kind = 'password') as password,
             max(ends_at) filter (where kind = 'contract') as contract
      from due group by id) as due
where users.id = due.id;

select pg_temp.join_group(username, slug, 'Incident Response', ends_at)
from due where kind = 'membership';
