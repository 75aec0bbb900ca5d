-- name: make_room
-- Where the steps that were never told are gathered, once for a session; gone at the end of a transaction.
create temp table if not exists untold (like account_snapshot, step text, copy boolean) on commit delete rows

-- name: clear
-- Ready for the next gathering within a transaction.
delete from untold

-- name: gather
-- Steps that now hold and were never told, told otherwise or waived.
with ladder as (
    select * from unnest(%(steps)s::text[], %(after)s::timestamptz[], %(until)s::timestamptz[], %(copies)s::boolean[])
        as l (step, after, until, copy)
)
insert into untold
select s.*, l.step, l.copy
from account_snapshot s join ladder l on s.expires_at > l.after and s.expires_at <= l.until
where s.source = %(source)s and (%(organization)s::text is null or s.organization = %(organization)s)
  and not exists (select from reminder r where r.source = s.source and r.account = s.account and r.kind = s.kind
                  and r.expires_on = s.expires_on and r.step = l.step)

-- name: owners
-- How many owners they would reach.
select count(distinct account) as owners from untold

-- name: tell
-- One message to each owner for each step that was gathered. It names all that ends on that day, at whatever hours: they are told of
-- the day once, when its first end comes onto the step. What it replaces and never left is superseded;
-- what replaces a held one is held. A message that was withdrawn and is true again comes back.
with due as (
    select s.source, s.account, s.kind, s.expires_on, u.step, case when u.copy then min(s.manager_email) else '' end as cc,
           min(s.expires_at) as expires_at, min(s.username) as username,
           min(s.full_name) as full_name, min(s.email) as email, min(s.organization) as organization,
           string_agg(nullif(s.groups, ''), ', ' order by s.expires_at, s.groups) as groups, min(s.manager_name) as manager_name,
           min(s.grace_days) as grace_days,
           concat_ws('/', 'reminder', s.source, s.account, s.kind, s.expires_on) as group_key
    from (select distinct source, account, kind, expires_on, step, copy from untold) as u
    join account_snapshot s using (source, account, kind, expires_on)
    group by s.source, s.account, s.kind, s.expires_on, u.step, u.copy
), outdated as (
    update message m set state = 'superseded', finished_at = %(now)s
    from due u where m.group_key = u.group_key and m.channel = 'email' and m.receiver = u.email and m.state in ('pending', 'held')
)
insert into message (key, duty, channel, receiver, group_key, priority, template, subject, content, state, created_at, due_at, finished_at)
select concat_ws('/', u.group_key, u.step), %(duty)s, 'email', u.email, u.group_key, 2, 'reminder',
       %(subjects)s::jsonb -> u.kind ->> u.step,
       jsonb_build_object('kind', u.kind, 'step', u.step, 'username', u.username, 'full_name', u.full_name,
                          'expires_at', to_char(u.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                          'organization', u.organization, 'groups', coalesce(u.groups, ''), 'manager_name', u.manager_name,
                          'grace_days', u.grace_days, 'cc', u.cc),
       case when u.email = '' and u.cc = '' then 'no_receiver'
            when (u.group_key, u.email) in (select h.group_key, h.receiver from message h where h.channel = 'email' and h.state = 'held')
                then 'held'
            else %(state)s end::message_state, %(now)s, %(now)s, case when u.email = '' and u.cc = '' then %(now)s::timestamptz end
from due u
on conflict (key) do update set state = excluded.state, content = excluded.content, receiver = excluded.receiver,
                                created_at = excluded.created_at, due_at = excluded.due_at, finished_at = excluded.finished_at
where message.state = 'superseded'

-- name: note
-- Take note of the steps that were gathered: mailed, each with its message; or waived, as the baseline or suppressed.
insert into reminder (source, account, kind, expires_on, step, organization, told, message_id, created_at)
select u.source, u.account, u.kind, u.expires_on, u.step, u.organization, %(told)s, m.id, %(now)s
from untold u
left join message m on %(told)s = 'mailed' and m.key = concat_ws('/', 'reminder', u.source, u.account, u.kind, u.expires_on, u.step)
on conflict do nothing

-- name: untrue
-- Reminders that never left and are no longer true are withdrawn; that their step was not told is remembered by forgetting it.
with ladder as (
    select * from unnest(%(steps)s::text[], %(after)s::timestamptz[], %(until)s::timestamptz[]) as l (step, after, until)
), withdrawn as (
    update message m set state = 'superseded', finished_at = %(now)s
    from reminder r
    where r.message_id = m.id and r.source = %(source)s and m.state in ('pending', 'held')
      and (%(organization)s::text is null or r.organization = %(organization)s)
      and not exists (select from account_snapshot s join ladder l on s.expires_at > l.after and s.expires_at <= l.until
                      where s.source = r.source and s.account = r.account and s.kind = r.kind and s.expires_on = r.expires_on
                        and l.step = r.step)
    returning m.id
)
delete from reminder r using withdrawn w where r.message_id = w.id

-- name: refresh
-- Reminders that wait follow what was corrected: addresses, the manager, the hour, names. An address that was removed is still written to.
with waiting as (
    select r.source, r.account, r.kind, r.expires_on, m.id, m.receiver, m.content
    from reminder r join message m on m.id = r.message_id
    where r.source = %(source)s and m.state in ('pending', 'held') and m.accepted = '{}' and m.created_at < %(now)s
), now_true as (
    select w.id, w.receiver, w.content, coalesce(nullif(min(s.email), ''), w.receiver) as email,
           jsonb_build_object('username', min(s.username), 'full_name', min(s.full_name), 'organization', min(s.organization),
                              'expires_at', to_char(min(s.expires_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                              'manager_name', min(s.manager_name), 'grace_days', min(s.grace_days),
                              'cc', case when w.content ->> 'step' = any(%(copied)s) then min(s.manager_email) else '' end) as facts
    from waiting w join account_snapshot s using (source, account, kind, expires_on)
    group by w.id, w.receiver, w.content
)
update message m set receiver = n.email, content = m.content || n.facts
from now_true n where m.id = n.id and (n.email <> n.receiver or not n.content @> n.facts)

-- name: release
-- Held reminders may leave, as far as somebody can have seen them.
update message set state = 'pending', due_at = %(now)s
where state = 'held' and duty = %(duty)s and template = 'reminder' and (%(all)s or created_at < %(now)s)
  and (%(organization)s::text is null or content ->> 'organization' = %(organization)s)

-- name: suppress
-- Reminders that wait will not leave, nor those be repeated that may have: writing to owners was switched off.
update message set state = 'suppressed', finished_at = %(now)s
where state in ('pending', 'held', 'uncertain') and duty = %(duty)s and template = 'reminder'
  and (%(organization)s::text is null or content ->> 'organization' = %(organization)s)

-- name: baseline_taken
-- From now on owners are told.
update account_system set baseline_at = %(now)s where source = %(source)s and baseline_at is null

-- name: held
-- Reminders that wait for an administrator.
select count(*) as reminders, count(distinct receiver) as owners from message
where state = 'held' and duty = %(duty)s and template = 'reminder'

-- name: newly_urgent
-- What came to stand on an urgent step since a moment and had not stood on one before, worst first.
select distinct on (s.expires_at, s.username, s.account, s.kind) s.*, r.step
from reminder r
join account_snapshot s on s.source = r.source and s.account = r.account and s.kind = r.kind and s.expires_on = r.expires_on
where r.source = %(source)s and r.step = any(%(urgent)s) and r.created_at > %(since)s
  and (%(organization)s::text is null or s.organization = %(organization)s)
  and not exists (select from reminder e where e.source = r.source and e.account = r.account and e.kind = r.kind
                  and e.expires_on = r.expires_on and e.step = any(%(urgent)s) and e.created_at <= %(since)s)
order by s.expires_at, s.username, s.account, s.kind

-- name: told_since
-- What became of the reminders since a moment, whenever they were made: how many by the state in which they ended; all that still
-- wait; and the steps that were noted since without a message.
with way as (
    select state::text as way from message m
    where duty = %(duty)s and template = 'reminder' and finished_at > %(since)s
      and (%(organization)s::text is null or content ->> 'organization' = %(organization)s)
    union all
    select state::text from message m
    where duty = %(duty)s and template = 'reminder' and state in ('pending', 'sending', 'uncertain', 'held')
      and (%(organization)s::text is null or content ->> 'organization' = %(organization)s)
    union all
    select told from reminder r
    where source = %(source)s and message_id is null and created_at > %(since)s
      and (%(organization)s::text is null or organization = %(organization)s)
)
select way, count(*) as reminders from way group by 1

-- name: undeliverable
-- Reminders that failed for good since a moment: to whom, of what, and why.
select m.receiver, m.receiver as email, m.state::text as reminder_state, coalesce(m.error, 'there is no address') as reminder_error,
       r.account, c.*
from message m
join reminder r on r.message_id = m.id
cross join lateral jsonb_to_record(m.content) as c (
    username text, full_name text, organization text, kind text, step text, groups text, manager_name text, expires_at timestamptz, grace_days int)
where m.duty = %(duty)s and m.template = 'reminder' and m.state in ('failed', 'no_receiver') and m.finished_at > %(since)s
  and (%(organization)s::text is null or m.content ->> 'organization' = %(organization)s)
order by m.id

-- name: analyze
-- So much was noted that the planner's picture would mislead it until autovacuum comes by.
analyze reminder, message

-- name: forget
-- Delete what was noted of ends before a moment, unless they still stand in the list: those would be told again.
delete from reminder r
where r.expires_on < %(before)s and not exists (
    select from account_snapshot s
    where s.source = r.source and s.account = r.account and s.kind = r.kind and s.expires_on = r.expires_on)
