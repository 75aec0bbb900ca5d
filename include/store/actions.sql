-- name: note
-- Who did what, and when.
insert into action (at, by, what, subject, detail) values (%(now)s, %(by)s, %(what)s, %(subject)s, %(detail)s) returning id

-- name: find
-- The open alerts that a reference names: an id, a fingerprint or the beginning of one, or a group's key; locked.
select * from alert where state not in ('resolved', 'pending')
  and (id::text = %(reference)s or group_key = %(reference)s or (length(%(reference)s) >= 6 and starts_with(fingerprint, %(reference)s)))
order by id for no key update

-- name: find_any
-- The alerts that a reference names, open or not: an id, a fingerprint or the beginning of one, or a group's key; newest first.
select * from alert
where id::text = %(reference)s or group_key = %(reference)s or (length(%(reference)s) >= 6 and starts_with(fingerprint, %(reference)s))
order by id desc limit 100

-- name: acknowledge
-- Somebody looks after these alerts. One whose data is missing stays unknown, and is looked after all the same.
with taken as (
    update alert
    set state = case state when 'firing' then 'acknowledged'::alert_state else state end, reason = 'acknowledged',
        acknowledged_by = %(by)s, acknowledged_at = %(now)s, acknowledged_until = %(until)s, comment = %(comment)s, changed_at = %(now)s
    where id = any(%(ids)s) and state not in ('resolved', 'pending')
    returning id, state, severity, summary
)
insert into transition (alert_id, at, state_before, state_after, reason, severity, summary, by, detail)
select id, %(now)s, 'firing', state, 'acknowledged', severity, summary, %(by)s, jsonb_build_object('comment', %(comment)s::text) from taken

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
