-- name: note
-- Who did what, and when.
insert into action (at, by, what, subject, detail) values (%(now)s, %(by)s, %(what)s, %(subject)s, %(detail)s) returning id

-- name: find
-- The alerts that a reference names, locked: by the first of number, fingerprint, group's key and beginning of a fingerprint that names any.
-- Those that are open, or with `over` the newest of each fingerprint. `by_beginning`: whether it was the last of these ways.
with named as (
    select id, fingerprint, case when id = %(number)s then 1 when fingerprint = %(reference)s then 2 when group_key = %(reference)s then 3
                                 else 4 end as way
    from alert
    where (%(over)s or state not in ('resolved', 'pending'))
      and (id = %(number)s or fingerprint = %(reference)s or group_key = %(reference)s or starts_with(fingerprint, %(prefix)s::text))
), newest as (
    select distinct on (fingerprint) id, way = 4 as by_beginning from named
    where way = (select min(way) from named) order by fingerprint, id desc
)
select a.*, n.by_beginning from alert a join newest n using (id) order by a.fingerprint for no key update of a

-- name: acknowledge
-- Somebody looks after these alerts. One whose data is missing stays unknown, and is looked after all the same. What is taken up again
-- before its time was over keeps the time for which it had somebody.
with taken as (
    update alert a
    set state = case a.state when 'firing' then 'acknowledged'::alert_state else a.state end, reason = 'acknowledged',
        acknowledged_by = %(by)s, acknowledged_at = %(now)s, acknowledged_until = %(until)s, comment = %(comment)s, changed_at = %(now)s,
        unattended_since = unattended_since + coalesce(%(now)s - acknowledged_at, interval '0')
    from (select id, state from alert where id = any(%(ids)s) and state not in ('resolved', 'pending') for no key update) before
    where a.id = before.id
    returning a.id, before.state as state_before, a.state, a.severity, a.summary
)
insert into transition (alert_id, at, state_before, state_after, reason, severity, summary, by, detail)
select id, %(now)s, state_before, state, 'acknowledged', severity, summary, %(by)s, jsonb_build_object('comment', %(comment)s::text)
from taken

-- name: resolve
-- A person says that it is over, and why.
with ended as (
    update alert a
    set state = 'resolved', reason = 'recovered', resolved_at = greatest(%(now)s, evaluated_at), changed_at = %(now)s,
        evaluated_at = greatest(%(now)s, evaluated_at), resolution = %(resolution)s, cause = %(cause)s, resolved_by = %(by)s
    from (select id, state from alert where id = any(%(ids)s) and state not in ('resolved', 'pending') for no key update) before
    where a.id = before.id
    returning a.id, before.state, a.severity
)
insert into transition (alert_id, at, state_before, state_after, reason, severity, summary, by)
select id, %(now)s, state, 'resolved', 'recovered', severity, %(resolution)s, %(by)s from ended

-- name: feedback
-- Whether an alert was right, as somebody sees it; they may change their mind.
insert into verdict_feedback (alert_id, by, true_alarm, comment, at)
select unnest(%(ids)s::bigint[]), %(by)s, %(true_alarm)s, %(comment)s, %(now)s
on conflict (alert_id, by) do update set true_alarm = excluded.true_alarm, comment = excluded.comment, at = excluded.at
