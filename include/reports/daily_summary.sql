-- name: recent
-- The alerts of a scope that were open at any time since a moment, newest first; those that never fired are nobody's business.
select a.*, f.true_alarm from alert a
left join lateral (select bool_and(true_alarm) as true_alarm from verdict_feedback where alert_id = a.id) f on true
where a.fired_at is not null and (a.state <> 'resolved' or a.resolved_at >= %(since)s)
  and (%(organization)s::text is null or coalesce(a.labels ->> 'organization', %(unlabelled)s) = %(organization)s)
order by a.fired_at desc, a.id desc limit %(most)s

-- name: held_back
-- What was not told, or not as it would have been, since a moment: how many messages by state and receiver.
select state, channel, receiver, count(*) as messages, min(error) as error from message
where created_at >= %(since)s and template = 'alert'
  and (state in ('held', 'failed', 'not_configured', 'no_receiver') or (state = 'pending' and error like 'capped%%'))
group by state, channel, receiver order by messages desc, channel, receiver

-- name: last_transition
-- How far there is anything to tell.
select coalesce(max(id), 0) from transition
