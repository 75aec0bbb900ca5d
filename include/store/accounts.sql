-- name: system
-- A watched system as last counted.
select * from account_system where source = %(source)s

-- name: meet
-- Make the system known; what is known stays as it is, and unlocked.
insert into account_system (source, identity) values (%(source)s, %(identity)s) on conflict do nothing

-- name: seen
-- The system was read at this moment, as a whole or in part. Another one than before has no baseline yet.
update account_system
set collected_at = case when %(organization)s::text is null then %(at)s else coalesce(collected_at, %(at)s) end,
    baseline_at = case when identity = %(identity)s then baseline_at end,
    identity = %(identity)s
where source = %(source)s

-- name: lock
-- One writer of a system's list at a time, to the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('monitoring.accounts.' || %(source)s, 0))

-- name: incoming
-- Where a list and a census land before they are compared with those before.
create temp table incoming (
    account text, kind text, expires_at timestamptz, items int, grace_days int, username text, full_name text, email text, organization text,
    department text, role text, manager_name text, manager_email text, groups text) on commit drop;
create temp table incoming_population (like account_population) on commit drop;
create temp table incoming_calendar (like account_calendar) on commit drop

-- name: load
-- The list as the watched system gives it, in COPY's own text format.
copy incoming from stdin

-- name: gone
-- Rows that the newest list no longer holds leave.
delete from account_snapshot s
where source = %(source)s and (%(organization)s::text is null or organization = %(organization)s)
  and not exists (select from incoming i where i.account = s.account and i.kind = s.kind and i.expires_at = s.expires_at)

-- name: come
-- Rows that are new, or say something else than before, come.
insert into account_snapshot as s
select distinct on (account, kind, expires_at) %(source)s, i.*, %(at)s
from incoming i
where not exists (
    select from account_snapshot o
    where o.source = %(source)s and o.account = i.account and o.kind = i.kind and o.expires_at = i.expires_at
      and (o.items, o.grace_days, o.username, o.full_name, o.email, o.organization, o.department, o.role, o.manager_name, o.manager_email, o.groups)
        = (i.items, i.grace_days, i.username, i.full_name, i.email, i.organization, i.department, i.role, i.manager_name, i.manager_email, i.groups))
on conflict (source, account, kind, expires_at) do update
set (items, grace_days, username, full_name, email, organization, department, role, manager_name, manager_email, groups)
  = (excluded.items, excluded.grace_days, excluded.username, excluded.full_name, excluded.email, excluded.organization, excluded.department,
     excluded.role, excluded.manager_name, excluded.manager_email, excluded.groups)

-- name: analyze
-- So much has changed that the planner's picture of the list would mislead it until autovacuum comes by.
analyze account_snapshot

-- name: emptied
-- Whether an organisation that had entries has none in the new list.
select exists (
    select organization from account_snapshot where source = %(source)s and (%(organization)s::text is null or organization = %(organization)s)
    except select organization from incoming) as emptied

-- name: drop_incoming
-- All has been compared.
drop table incoming, incoming_population, incoming_calendar

-- name: counts
-- Per organisation and kind: how many on each step of the ladder, and past their grace; zero where there are none.
select * from account_counts(%(source)s, %(organization)s, %(now)s, %(kinds)s, %(steps)s, %(after)s, %(until)s)

-- name: count
-- The same, as samples that arrive.
insert into arriving (metric, labels, unit, at, value)
select case when step is null then 'accounts_past_grace' else 'accounts_expiring' end,
       jsonb_strip_nulls(jsonb_build_object('kind', kind, 'organization', organization, 'step', step)), 'accounts', %(now)s, accounts
from account_counts(%(source)s, %(organization)s, %(now)s, %(kinds)s, %(steps)s, %(after)s, %(until)s)

-- name: load_population
-- How many active accounts each organisation has.
copy incoming_population (source, organization, accounts) from stdin

-- name: load_calendar
-- How much ends on which day.
copy incoming_calendar (source, organization, kind, day, accounts) from stdin

-- name: forget_population
-- Make room for a new count.
delete from account_population where source = %(source)s

-- name: keep_population
-- The new count.
insert into account_population select * from incoming_population

-- name: forget_calendar
-- Make room for a new calendar.
delete from account_calendar where source = %(source)s

-- name: keep_calendar
-- The new calendar.
insert into account_calendar select * from incoming_calendar

-- name: census_taken
-- The count was made at this moment and took so long.
update account_system set census_at = %(at)s, census_seconds = %(seconds)s where source = %(source)s

-- name: population
-- How many active accounts were counted.
select coalesce(sum(accounts), 0)::bigint from account_population
where source = %(source)s and (%(organization)s::text is null or organization = %(organization)s)

-- name: organizations
-- The organisations that have accounts.
select organization from account_population where source = %(source)s order by 1

-- name: reported
-- The organisations that have accounts, and those that lately had an alert: an end must be told, too.
select organization from account_population where source = %(source)s
union select labels ->> 'organization' from alert
where duty = %(duty)s and labels ? 'organization' and (state <> 'resolved' or resolved_at > %(now)s - interval '7 days')
order by 1

-- name: windows
-- What the newest samples say per kind and organisation: those with anything in the window, and those with an open alert; how many active
-- accounts the organisation has at all; and the alert that was judged before these samples and that people know of, if there is one.
with standing as (
    select s.labels ->> 'kind' as kind, s.labels ->> 'organization' as organization, max(l.at) as as_of,
           coalesce(jsonb_object_agg(s.labels ->> 'step', l.value::bigint) filter (where s.metric = 'accounts_expiring' and l.value > 0), '{}') as steps,
           coalesce(max(l.value) filter (where s.metric = 'accounts_past_grace'), 0)::bigint as past_grace
    from series s join latest l on l.series_id = s.id
    where s.metric in ('accounts_expiring', 'accounts_past_grace')
      and (%(organization)s::text is null or s.labels ->> 'organization' = %(organization)s)
    group by 1, 2
    having max(l.value) > 0
        or (s.labels ->> 'kind', s.labels ->> 'organization') in (
            select a.labels ->> 'kind', a.labels ->> 'organization' from alert a
            where a.duty = %(duty)s and a.rule = %(rule)s and a.state <> 'resolved')
)
select standing.*, coalesce(p.accounts, 0) as accounts, a.id as alert, a.severity, a.priority, a.progress
from standing
left join account_population p on p.source = %(source)s and p.organization = standing.organization
left join alert a on a.duty = %(duty)s and a.rule = %(rule)s and a.state in ('firing', 'acknowledged') and a.evaluated_at < standing.as_of
                 and a.labels = jsonb_build_object('kind', standing.kind, 'organization', standing.organization)
order by 2, 1

-- name: worst
-- The head of the list, worst first: past grace, then expired, then by what ends next; each with what became of its step's reminder.
select s.*, l.step, s.expires_at <= %(now)s and s.expires_at + s.grace_days * interval '24 hours' < %(now)s as past_grace,
       coalesce(m.state::text, r.told) as reminder_state, m.error as reminder_error
from account_snapshot s
join unnest(%(steps)s::text[], %(after)s::timestamptz[], %(until)s::timestamptz[]) as l (step, after, until)
  on s.expires_at > l.after and s.expires_at <= l.until
left join reminder r on (r.source, r.account, r.kind, r.expires_on, r.step) = (s.source, s.account, s.kind, s.expires_on, l.step)
left join message m on m.id = r.message_id
where s.source = %(source)s and (%(organization)s::text is null or s.organization = %(organization)s)
order by (s.expires_at <= %(now)s and s.expires_at + s.grace_days * interval '24 hours' < %(now)s) desc, s.expires_at, s.username, s.kind
limit %(most)s

-- name: calendar
-- How much ends on which day, by kind.
select day, kind, sum(accounts)::bigint as accounts from account_calendar
where source = %(source)s and (%(organization)s::text is null or organization = %(organization)s)
group by 1, 2 order by 1, 2
