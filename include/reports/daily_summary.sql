-- name: recent
-- The alerts of a scope that were open at any time since a moment, those that still are first, then the newest; those that never fired are
-- nobody's business. `fired_in_all`, `resolved_in_all`, `open_in_all`: how many there are, also beyond the limit.
select a.*, f.true_alarm,
       count(*) filter (where a.fired_at >= %(since)s) over () as fired_in_all,
       count(*) filter (where a.state = 'resolved') over () as resolved_in_all,
       count(*) filter (where a.state <> 'resolved') over () as open_in_all
from alert a
left join lateral (select bool_and(true_alarm) as true_alarm from verdict_feedback where alert_id = a.id) f on true
where a.fired_at is not null and (a.state <> 'resolved' or a.resolved_at >= %(since)s)
  and (%(organization)s::text is null or coalesce(a.labels ->> 'organization', %(unlabelled)s) = %(organization)s)
order by a.state <> 'resolved' desc, a.fired_at desc, a.id desc limit %(most)s

-- name: held_back
-- What was not told, or not as it would have been: how many messages by state and receiver. What waits, whenever it was made; the rest
-- where it came to its end since a moment.
select state, channel, receiver, count(*) as messages, min(error) as error from message
where template in ('alert', 'report')
  and (state in ('failed', 'not_configured', 'no_receiver') and coalesce(finished_at, created_at) >= %(since)s
       or state = 'held' or state = 'pending' and error like 'capped%%')
group by state, channel, receiver order by messages desc, channel, receiver

-- name: last_transition
-- How far there is anything to tell.
select coalesce(max(id), 0) from transition
