-- name: claim_head
-- Take the most urgent message that is due and the oldest open one of its receiver and group; one index lookup per priority.
update message m
set state = 'sending', drainer = %(drainer)s, attempted_at = %(now)s, attempts = m.attempts + 1,
    possible_repeat = m.possible_repeat or m.state = 'uncertain'
from (
    select head.id from unnest(%(priorities)s::smallint[]) with ordinality as p (priority, rank)
    cross join lateral (
        select d.id from message d
        where d.priority = p.priority and d.state in ('pending', 'uncertain') and d.due_at <= %(now)s
          and d.channel = any(%(channels)s)
          and not exists (select from message e
                          where e.channel = d.channel and e.receiver = d.receiver and e.group_key = d.group_key
                            and e.id < d.id and e.state in ('pending', 'sending', 'uncertain')
                          offset 0)  -- looked up for one message at a time, never joined: the same plan however many are pending
        order by d.due_at, d.id limit 1 for update of d skip locked) head
    order by p.rank limit 1) due
where m.id = due.id
returning m.*

-- name: due
-- How many messages may leave, counted up to a number.
select count(*) from (
    select from message where state in ('pending', 'uncertain') and due_at <= %(now)s limit %(most)s) due

-- name: body
-- What a report's mail is made of.
select title, html, plain, csv, period_end from report where id = %(report_id)s

-- name: finish
-- Record the outcome of an attempt by its drainer; 0 rows when somebody else took the message over meanwhile.
update message
set state = %(state)s::message_state, due_at = %(due_at)s, error = %(error)s, drainer = null,
    accepted = accepted || %(accepted)s::text[],
    finished_at = case when %(state)s::message_state not in ('pending', 'uncertain') then %(now)s end
where id = %(id)s and state = 'sending' and drainer = %(drainer)s

-- name: adopt_orphans
-- Messages whose drainer is gone may or may not have arrived: they count as told and are sent again.
update message set state = 'uncertain', drainer = null, due_at = %(now)s
where state = 'sending' and not exists (
    select from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
    where l.locktype = 'advisory' and l.classid = %(lock_class)s and l.objid = drainer::bigint::oid and l.granted)

-- name: enrol
-- A number for this drainer, locked for as long as its connection lives.
select d.drainer, pg_advisory_lock(%(lock_class)s, d.drainer)
from (select nextval('drainer')::int as drainer) d

-- name: leave
-- Give the number back.
select pg_advisory_unlock(%(lock_class)s, %(drainer)s)

-- name: queue
-- A message to send, unless its key is known; an older one of the same receiver and group that never left is superseded.
with outdated as (
    update message set state = 'superseded', finished_at = %(now)s
    where channel = %(channel)s and receiver = %(receiver)s and group_key = %(group_key)s and template = %(template)s
      and state in ('pending', 'held', 'not_configured', 'no_receiver')
      and not exists (select from message where key = %(key)s))
insert into message (key, duty, channel, receiver, group_key, priority, template, subject, content, state, report_id, created_at, due_at, error)
values (%(key)s, %(duty)s, %(channel)s, %(receiver)s, %(group_key)s, %(priority)s, %(template)s, %(subject)s, %(content)s,
        %(state)s, %(report_id)s, %(now)s, %(now)s, %(error)s)
on conflict (key) do nothing
returning id

-- name: queue_lines
-- One line per alert and channel for the transitions of a run: rows of a JSON array.
insert into message (key, duty, channel, receiver, group_key, priority, template, subject, content, state, alert_id, created_at, due_at, error)
select c.key, %(duty)s, c.channel, c.receiver, c.group_key, c.priority, 'alert', c.subject, c.content, c.state, a.id, %(now)s, %(now)s, c.error
from jsonb_to_recordset(%(lines)s::jsonb) as c (
    key text, channel text, receiver text, group_key text, priority smallint, subject text, content jsonb,
    state message_state, fingerprint text, error text)
cross join lateral (select id from alert where fingerprint = c.fingerprint order by state = 'resolved', evaluated_at desc limit 1) a
on conflict (key) do nothing

-- name: counts
-- Messages made since a moment, and all that still wait, by duty and state.
select duty, state, count(*) as messages from message
where created_at >= %(since)s or state in ('pending', 'sending', 'held', 'uncertain')
group by duty, state

-- name: made_by
-- The messages of a duty behind an id.
select channel, receiver, subject, state, error from message where duty = %(duty)s and id > %(behind)s order by id

-- name: newest_id
-- The id of the newest message; 0 when there is none.
select coalesce(max(id), 0) from message

-- name: forget
-- Delete finished messages that were made before a moment.
delete from message where created_at < %(before)s and state not in ('pending', 'sending', 'held', 'uncertain')
