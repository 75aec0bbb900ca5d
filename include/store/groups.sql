-- name: make
-- The groups of a JSON array; those that are known stay as they are.
insert into alert_group (key, duty, rule, labels)
select distinct on (key) key, duty, rule, labels
from jsonb_to_recordset(%(groups)s::jsonb) as g (key text, duty text, rule text, labels jsonb)
on conflict do nothing

-- name: lock
-- These groups, and nobody else plans for them until the transaction ends.
select * from alert_group where key = any(%(keys)s) order by key for update

-- name: known
-- What receivers were last told of these groups, as far as they believe them open.
select channel, receiver, group_key, open, marks, face, person, told_at as at
from receiver_state where group_key = any(%(keys)s) and open

-- name: underway
-- Messages of these groups that have not left, or may not have arrived; what is about to be claimed waits.
select id, key, channel, receiver, group_key, state, due_at, possible_repeat, coalesce(attempted_at, created_at) as at, tells
from message where group_key = any(%(keys)s) and template = 'alert' and state in ('pending', 'held', 'sending', 'uncertain')
order by id for update

-- name: recent
-- How many messages each receiver got of these groups since a moment.
select channel, receiver, group_key, count(*) as messages from message
where group_key = any(%(keys)s) and template = 'alert' and created_at > %(since)s and state in ('sending', 'sent', 'uncertain')
group by channel, receiver, group_key

-- name: alerts
-- The open alerts of these groups, and those that somebody was told of.
select * from alert
where (group_key = any(%(keys)s) and state not in ('resolved', 'pending')) or id = any(%(told)s)
order by severity desc, progress desc, opened_at, id

-- name: open_keys
-- All groups with an open alert.
select distinct group_key as key from alert where state not in ('resolved', 'pending') and group_key is not null

-- name: withdraw
-- Messages that never left and are no longer true.
update message set state = 'superseded', finished_at = %(now)s
where id = any(%(ids)s) and state in ('pending', 'held')

-- name: write
-- Messages of a JSON array. One that never left and is wanted again, or wanted otherwise, is written anew; so is one that was refused for
-- good so long ago that it would have been repeated by now: what was wrong with its receiver may have been mended.
insert into message (key, duty, channel, receiver, group_key, priority, template, subject, content, tells, reason, state, alert_id,
                     created_at, due_at, error)
select m.key, m.duty, m.channel, m.receiver, m.group_key, m.priority, 'alert', m.subject, m.content, m.tells, m.reason, m.state, m.alert_id,
       %(now)s, m.due_at, m.error
from jsonb_to_recordset(%(messages)s::jsonb) as m (
    key text, duty text, channel text, receiver text, group_key text, priority smallint, subject text, content jsonb, tells jsonb,
    reason text, state message_state, alert_id bigint, due_at timestamptz, error text)
on conflict (key) do update
set priority = excluded.priority, subject = excluded.subject, content = excluded.content, tells = excluded.tells, reason = excluded.reason,
    state = excluded.state, due_at = excluded.due_at, error = excluded.error, finished_at = null,
    attempts = case when message.state = 'failed' then 0 else message.attempts end,
    created_at = case when message.state = 'failed' then excluded.created_at else message.created_at end
where message.state in ('pending', 'held', 'superseded', 'not_configured', 'no_receiver')
   or (message.state = 'failed' and message.finished_at <= %(now)s - %(repeat)s)

-- name: set_quiet
-- Note with each alert why nobody is told of it, where that has changed. One that somebody is changing is left to them: they look at
-- its group afterwards, and to wait for them here would be to wait for each other.
update alert a set quiet = q.words
from (select a.id, q.words from jsonb_to_recordset(%(quiets)s::jsonb) as q (id bigint, words text) join alert a on a.id = q.id
      where a.quiet is distinct from q.words for update of a skip locked) q
where a.id = q.id

-- name: ask_again
-- When to look at these groups again; null for not before something changes.
update alert_group g set next_at = n.next_at
from jsonb_to_recordset(%(groups)s::jsonb) as n (key text, next_at timestamptz)
where g.key = n.key and g.next_at is distinct from n.next_at

-- name: due
-- Groups that are to be looked at by now; those that somebody else looks at are skipped.
select key from alert_group where next_at <= %(now)s order by next_at limit %(most)s for update skip locked

-- name: wake
-- Look at these groups at once. They are locked in the order in which whoever plans locks them.
with woken as (select key from alert_group where key = any(%(keys)s) and (next_at is null or next_at > %(now)s) order by key for update)
update alert_group g set next_at = %(now)s from woken w where g.key = w.key

-- name: next_due
-- The next moment at which there is something to do: a group to look at, an acknowledgement that ends, a message to send.
select least(
    (select min(next_at) from alert_group where next_at is not null),
    (select min(acknowledged_until) from alert where state <> 'resolved' and acknowledged_until is not null),
    (select min(greatest(m.due_at, b.probe_at)) from message m left join breaker b on b.channel = m.channel
     where m.state in ('pending', 'uncertain') and m.priority < 2 and m.channel = any(%(channels)s))) as at

-- name: end_acknowledgements
-- Acknowledgements whose time is over: their alerts are nobody's again, and time counts on from where it stood.
with ended as (
    update alert a
    set state = case a.state when 'acknowledged' then 'firing'::alert_state else a.state end, reason = 'unattended',
        unattended_since = unattended_since + (acknowledged_until - acknowledged_at), changed_at = %(now)s,
        acknowledged_by = null, acknowledged_at = null, acknowledged_until = null, comment = null
    from (select id, state from alert where state <> 'resolved' and acknowledged_until <= %(now)s order by fingerprint for no key update) before
    where a.id = before.id
    returning a.id, a.group_key, before.state as state_before, a.state, a.severity, a.summary
), noted as (
    insert into transition (alert_id, at, state_before, state_after, reason, severity, summary)
    select id, %(now)s, state_before, state, 'unattended', severity, summary from ended
)
select distinct group_key as key from ended where group_key is not null

-- name: forget
-- Delete what is known of receivers of episodes that ended before a moment, and their buckets.
with spent as (delete from bucket where at < %(before)s)
delete from receiver_state where not open and told_at < %(before)s
