-- name: claim_head
-- Take the most urgent message that is due and the oldest open one of its receiver and group; one index lookup per channel and priority.
-- One in doubt that waits holds back no newer alert, and in doubt for the second time nothing newer: it counts as told, and `doubts` says
-- that it is to be settled. Channels that rest send nothing.
update message m
set state = 'sending', drainer = %(drainer)s, attempted_at = %(now)s, attempts = m.attempts + 1,
    possible_repeat = m.possible_repeat or m.state = 'uncertain'
from (
    select head.id from unnest(%(channels)s::text[]) as c (channel)
    cross join unnest(%(priorities)s::smallint[]) with ordinality as p (priority, rank)
    cross join lateral (
        select d.id, d.due_at from message d
        where d.channel = c.channel and d.priority = p.priority and d.state in ('pending', 'uncertain') and d.due_at <= %(now)s
          and not exists (select from message e
                          where e.channel = d.channel and e.receiver = d.receiver and e.group_key = d.group_key
                            and e.id < d.id and e.state in ('pending', 'sending', 'uncertain')
                            and not (e.state = 'uncertain' and e.due_at > %(now)s and
                                     (e.possible_repeat or d.template = 'alert' and d.content -> 'quiet' is distinct from 'true'))
                          offset 0)  -- looked up for one message at a time, never joined: the same plan however many are pending
        order by d.due_at, d.id limit 1 for update of d skip locked) head
    where not exists (select from breaker b where b.channel = c.channel and b.probe_at > %(now)s)
    order by p.rank, head.due_at, head.id limit 1) due
where m.id = due.id
returning m.*, coalesce((select s.ref from receiver_state s
                         where s.channel = m.channel and s.receiver = m.receiver and s.group_key = m.group_key and s.open), '{}') as ref,
    exists (select from message e where e.channel = m.channel and e.receiver = m.receiver and e.group_key = m.group_key
            and e.id < m.id and e.state = 'uncertain') as doubts

-- name: settle
-- What is in doubt before a message that is about to leave is never sent again: it counts as told, and the newer one says what is true.
-- How many still stand before it, as somebody else is about to send or to withdraw them.
with settled as (
    update message
    set state = 'superseded', possible_repeat = true, finished_at = %(now)s, error = concat_ws('; ', error, 'overtaken by message ' || %(id)s)
    where id in (select id from message
                 where channel = %(channel)s and receiver = %(receiver)s and group_key = %(group_key)s and id < %(id)s
                   and state = 'uncertain' for update skip locked)
    returning id)
select count(*) from message
where channel = %(channel)s and receiver = %(receiver)s and group_key = %(group_key)s and id < %(id)s
  and state in ('pending', 'sending', 'uncertain') and id not in (select id from settled)

-- name: put_back
-- A message that was claimed and cannot leave yet: nobody has tried it.
update message
set state = case when possible_repeat then 'uncertain'::message_state else 'pending' end, drainer = null, attempts = attempts - 1, due_at = %(due_at)s
where id = %(id)s and drainer = %(drainer)s

-- name: claim_along
-- The other alert messages that a cap holds back from this receiver leave as part of this one, each the oldest open one of its group; not
-- what edits something that was shown, which would go on to show what is no longer so.
update message m
set state = 'sending', drainer = %(drainer)s, attempted_at = %(now)s, attempts = attempts + 1, bundle = %(id)s,
    possible_repeat = possible_repeat or state = 'uncertain'
where id in (
    select d.id from message d
    where d.channel = %(channel)s and d.receiver = %(receiver)s and d.template = 'alert' and d.id <> %(id)s
      and d.state = 'pending' and d.error like 'capped%%' and d.group_key <> %(group_key)s
      and not exists (select from receiver_state s where s.channel = d.channel and s.receiver = d.receiver and s.group_key = d.group_key
                      and s.ref <> '{}')
      and not exists (select from message e where e.channel = d.channel and e.receiver = d.receiver and e.group_key = d.group_key
                      and e.id < d.id and e.state in ('pending', 'sending', 'uncertain') offset 0)
    order by d.priority, d.id for update skip locked)
returning id, key, group_key, subject, priority

-- name: spend
-- Take a token out of a receiver's bucket, which fills with time, if there are as many as it needs; what is in it then, and whether it was.
insert into bucket as b (channel, receiver, tokens, at, granted) values (%(cap)s, %(receiver)s, %(capacity)s - 1, %(now)s, true)
on conflict (channel, receiver) do update
set (tokens, at, granted) = (
    select filled - (filled >= %(needed)s)::int, %(now)s, filled >= %(needed)s
    from (select least(%(capacity)s, b.tokens + greatest(extract(epoch from %(now)s - b.at), 0) * %(rate)s) as filled) f)
returning tokens, granted

-- name: cap
-- Not enough tokens: what waits for this receiver waits until there are some, all of it or, with a spacing, one after the other.
update message m
set due_at = w.due_at, error = 'capped: ' || %(words)s
from (select id, %(now)s + case priority when 0 then %(critical_wait)s else %(wait)s end
                 + %(spacing)s * (row_number() over (partition by priority order by id) - 1) as due_at
      from (select id, priority from message
            where channel = %(channel)s and receiver = %(receiver)s and template = %(template)s and state = 'pending'
              and case priority when 0 then %(critical_wait)s else %(wait)s end > interval '0'
            for update skip locked) waiting) w
where m.id = w.id and m.due_at < w.due_at

-- name: lanes
-- The channels that do not rest and have something to send, and how many messages, counted up to a number.
select c.channel, due.messages
from unnest(%(channels)s::text[]) with ordinality as c (channel, place)
cross join lateral (
    select count(*) as messages from (
        select from unnest(%(priorities)s::smallint[]) as p (priority)
        cross join lateral (select from message m where m.channel = c.channel and m.priority = p.priority
                              and m.state in ('pending', 'uncertain') and m.due_at <= %(now)s limit %(most)s) one
        limit %(most)s) counted) due
where due.messages > 0 and not exists (select from breaker b where b.channel = c.channel and b.probe_at > %(now)s)
order by c.place

-- name: body
-- What a report's mail is made of.
select title, html, plain, csv, period_end from report where id = %(report_id)s

-- name: finish
-- Record the outcome of an attempt by its drainer, for the message and all that left as part of it; 0 when somebody else took it over
-- meanwhile. What has arrived, or may have, is what the receiver knows; of an end that was refused for good nobody is told again, unless
-- its channel did not work. Where a message is refused that others left with, these may not be at fault: they leave anew.
with mine as (
    -- in the order in which whoever plans locks them
    select id from message where (id = %(id)s or bundle = %(id)s) and state = 'sending' and drainer = %(drainer)s order by id for update
), done as (
    update message m
    set state = case when %(refused)s and m.id <> %(id)s then 'pending' else %(state)s end::message_state,
        due_at = %(due_at)s, error = %(error)s, drainer = null,
        bundle = case when not (%(again)s or %(refused)s) then bundle end,
        accepted = accepted || %(accepted)s::text[], finished_at = case when not (%(again)s or (%(refused)s and m.id <> %(id)s)) then %(now)s end
    from mine where m.id = mine.id
    returning m.*
), told as (
    insert into receiver_state as s (channel, receiver, group_key, open, marks, face, person, told_at, ref)
    select d.channel, d.receiver, d.group_key, t.open, t.marks, t.face, t.person, %(now)s,
           case when d.id = %(id)s then %(ref)s::jsonb else '{}' end
    from done d cross join lateral jsonb_to_record(d.tells) as t (open boolean, marks jsonb, face text, person text)
    where d.tells is not null and (d.state in ('sent', 'uncertain') or d.possible_repeat or (d.state = 'failed' and not t.open and not %(channel_failed)s))
    on conflict (channel, receiver, group_key) do update
    set open = excluded.open, marks = excluded.marks, face = excluded.face, person = excluded.person, told_at = excluded.told_at,
        ref = case when not excluded.open then '{}' when excluded.ref = '{}' then s.ref else excluded.ref end
)
select id from done where state = %(state)s::message_state

-- name: withdraw_followers
-- What was planned on the assumption that a message arrives is no plan any more when it did not.
update message set state = 'superseded', finished_at = %(now)s
where id in (select f.id from message f join message m on m.id = any(%(ids)s)
             where f.channel = m.channel and f.receiver = m.receiver and f.group_key = m.group_key and f.template = 'alert'
               and f.id > m.id and f.state = 'pending')

-- name: breakers
-- The channels that failed of late.
select * from breaker

-- name: trip
-- One more failure of a channel; from so many on it rests, longer each time.
insert into breaker as b (channel, failures, why, opened_at, probe_at)
values (%(channel)s, 1, %(why)s, case when %(most)s <= 1 then %(now)s::timestamptz end, case when %(most)s <= 1 then %(now)s + interval '15 seconds' end)
on conflict (channel) do update
set failures = b.failures + 1, why = excluded.why,
    opened_at = case when b.failures + 1 >= %(most)s then coalesce(b.opened_at, %(now)s) else b.opened_at end,
    probe_at = case when b.failures + 1 >= %(most)s
               then %(now)s + least(interval '5 minutes', interval '15 seconds' * (b.failures + 2 - %(most)s)) else b.probe_at end
returning *

-- name: pause
-- A channel that asks for it gets a pause; it is not out of order.
insert into breaker as b (channel, failures, why, probe_at) values (%(channel)s, 0, %(why)s, %(until)s)
on conflict (channel) do update
set probe_at = greatest(b.probe_at, excluded.probe_at), why = case when b.opened_at is null then excluded.why else b.why end
returning *

-- name: mend
-- The channel works, unless it has been found out of order or asked for a pause since this message left; whether it was out of order.
delete from breaker where channel = %(channel)s and (probe_at is null or probe_at <= %(now)s)
returning opened_at is not null as rested

-- name: given_up
-- The groups of which messages were given up although nothing was wrong with them, but with their channel.
select distinct group_key as key from message
where channel = %(channel)s and template = 'alert' and state = 'failed' and error like 'given up%%'

-- name: revive
-- What was given up counts as never planned, and is planned anew if it is still true.
update message set state = 'superseded', attempts = 0
where channel = %(channel)s and template = 'alert' and state = 'failed' and error like 'given up%%' and group_key = any(%(keys)s)

-- name: revive_reminders
-- Reminders that were given up wait again, with those of their accounts for which the same is still true.
update message m set state = 'pending', attempts = 0, created_at = %(now)s, due_at = %(now)s, finished_at = null, error = null
where m.channel = %(channel)s and m.template = 'reminder' and m.state = 'failed' and m.error like 'given up%%'
  and exists (select from reminder r join account_snapshot s using (source, account, kind, expires_on) where r.message_id = m.id)

-- name: waiting_groups
-- The groups that have something to tell through a channel.
select distinct group_key as key from message where channel = %(channel)s and template = 'alert' and state in ('pending', 'uncertain')

-- name: adopt_orphans
-- Messages whose drainer is gone, or hangs, may or may not have arrived: they count as told and are sent again. Locked in the order in
-- which whoever plans locks them.
with orphan as (
    select id from message
    where state = 'sending' and (attempted_at < %(hangs_since)s or not exists (
        select from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
        where l.locktype = 'advisory' and l.classid = %(lock_class)s and l.objid = drainer::bigint::oid and l.granted))
    order by id for update
)
update message m set state = 'uncertain', drainer = null, bundle = null, due_at = %(now)s from orphan o where m.id = o.id

-- name: enrol
-- A number for this drainer, locked for as long as its connection lives. Its few statements are planned once: planning a claim takes as
-- long as the claim.
select d.drainer, pg_advisory_lock(%(lock_class)s, d.drainer), set_config('plan_cache_mode', 'force_generic_plan', false)
from (select nextval('drainer')::int as drainer) d

-- name: leave
-- Give the number back, and plan as ever.
select pg_advisory_unlock(%(lock_class)s, %(drainer)s), set_config('plan_cache_mode', 'auto', false)

-- name: queue
-- A message to send, unless its key is known and it has left or waits to; an older one of the same receiver and group that never left is
-- superseded.
with outdated as (
    update message set state = 'superseded', finished_at = %(now)s
    where channel = %(channel)s and receiver = %(receiver)s and group_key = %(group_key)s and template = %(template)s
      and state in ('pending', 'held', 'not_configured', 'no_receiver')
      and not exists (select from message where key = %(key)s))
insert into message (key, duty, channel, receiver, group_key, priority, template, subject, content, state, report_id, created_at, due_at, error)
values (%(key)s, %(duty)s, %(channel)s, %(receiver)s, %(group_key)s, %(priority)s, %(template)s, %(subject)s, %(content)s,
        %(state)s, %(report_id)s, %(now)s, %(now)s, %(error)s)
on conflict (key) do update
set subject = excluded.subject, content = excluded.content, state = excluded.state, due_at = excluded.due_at, error = excluded.error,
    attempts = 0, finished_at = null
where message.state in ('not_configured', 'no_receiver', 'failed') and not message.possible_repeat
returning id

-- name: told
-- A message that left without having been in the outbox.
insert into message (key, duty, channel, receiver, group_key, priority, template, subject, content, tells, reason, alert_id, state, drainer,
                     attempts, created_at, due_at, attempted_at)
values (%(key)s, %(duty)s, %(channel)s, %(receiver)s, %(group_key)s, %(priority)s, 'alert', %(subject)s, %(content)s::jsonb, %(tells)s::jsonb,
        %(reason)s, %(alert_id)s, 'sending', %(drainer)s, 1, %(at)s, %(at)s, %(at)s)
on conflict (key) do nothing
returning id

-- name: counts
-- Messages made since a moment, and all that still wait, by duty and state.
select duty, state, count(*) as messages from message
where created_at >= %(since)s or state in ('pending', 'sending', 'held', 'uncertain')
group by duty, state

-- name: made_at
-- The messages of a duty that were made at these moments.
select channel, receiver, subject, state, error from message where duty = %(duty)s and created_at = any(%(moments)s) order by id

-- name: forget
-- Delete finished messages that were made before a moment.
delete from message where created_at < %(before)s and state not in ('pending', 'sending', 'held', 'uncertain')
