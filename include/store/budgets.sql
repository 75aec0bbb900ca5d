-- name: counting_since
-- The targets that were probed since they were last counted, and since when that is.
select u.labels, coalesce(c.at, lu.at - interval '5 minutes') as since
from series u join latest lu on lu.series_id = u.id
left join series w on w.digest = md5('api_watched_seconds_total' || u.labels::text)::uuid
left join latest c on c.series_id = w.id
where u.metric = 'api_up' and lu.at <= %(now)s and lu.at > coalesce(c.at, '-infinity')

-- name: count
-- Counters of time. A probe tells of the time since the one before, which had that one's outcome: a target that is down is asked every second,
-- so that shares of probes would count an outage many times. Of a gap only 5 minutes are known. What was maintenance is left out.
with target as materialized (
    select u.id, u.labels, lu.at as until, coalesce(c.at, lu.at - interval '5 minutes') as since,
           coalesce(c.value, 0) as watched, coalesce(lf.value, 0) as failed
    from series u join latest lu on lu.series_id = u.id
    left join series w on w.digest = md5('api_watched_seconds_total' || u.labels::text)::uuid
    left join latest c on c.series_id = w.id
    left join series f on f.digest = md5('api_failed_seconds_total' || u.labels::text)::uuid
    left join latest lf on lf.series_id = f.id
    where u.metric = 'api_up' and lu.at <= %(now)s and lu.at > coalesce(c.at, '-infinity')
), piece as materialized (
    select t.id, p.value = 0 as down, p.at as begins, p.at + interval '5 minutes' as known,
           lead(p.at) over (partition by t.id order by p.at) as ends
    from target t cross join lateral (
        -- a counter stands at the moment of a probe, whose outcome holds from there on; `offset` has each target looked up by itself, as the
        -- newest samples are in no statistics yet
        select at, value from sample where series_id = t.id and at >= t.since and at <= t.until and at >= %(since)s and at <= %(now)s offset 0
    ) p
), part as (
    select id, down, begins, least(ends, known) as ends from piece where ends is not null
), kept_out as materialized (
    select u.id, m.begins, m.ends
    from jsonb_to_recordset(%(maintained)s::jsonb) as m (labels jsonb, begins timestamptz, ends timestamptz)
    join series u on u.digest = md5('api_up' || m.labels::text)::uuid
), counted as (
    select p.id, p.down, extract(epoch from p.ends - p.begins) - coalesce((
        select sum(extract(epoch from least(k.ends, p.ends) - greatest(k.begins, p.begins)))
        from kept_out k where k.id = p.id and k.begins < p.ends and k.ends > p.begins
    ), 0) as seconds
    from part p
), total as (
    select id, sum(seconds) as watched, sum(seconds) filter (where down) as failed from counted group by id
)
insert into arriving (metric, labels, unit, at, value)
select v.metric, t.labels, 's', t.until, v.value
from target t left join total s using (id) cross join lateral (values
    ('api_watched_seconds_total', t.watched + coalesce(s.watched, 0)),
    ('api_failed_seconds_total', t.failed + coalesce(s.failed, 0))
) as v (metric, value)

-- name: shares
-- Burn rates, error rate and availability of what was counted just now: the counters, less what they were when a window began, or when they
-- began themselves. What was not watched of a window has spent none of its budget; as a share, it is not in it.
with counter as materialized (
    select w.labels, w.at, w.value as watched, f.value as failed, ws.id as watched_id, fs.id as failed_id
    from arriving w join arriving f on f.metric = 'api_failed_seconds_total' and f.labels = w.labels
    join series ws on ws.digest = md5('api_watched_seconds_total' || w.labels::text)::uuid
    join series fs on fs.digest = md5('api_failed_seconds_total' || w.labels::text)::uuid
    where w.metric = 'api_watched_seconds_total'
), grown as materialized (
    select c.labels, c.at, length, c.watched - w.value as watched, c.failed - f.value as failed
    from counter c cross join unnest(%(lengths)s::int[]) length
    cross join lateral (
        select p.at, p.value from sample p
        where p.series_id = c.watched_id and p.at >= %(now)s - make_interval(secs => length) and p.at <= c.at
        order by p.at limit 1
    ) w
    cross join lateral (select p.value from sample p where p.series_id = c.failed_id and p.at = w.at limit 1) f
), burn as (
    select labels, at, length, failed / greatest(watched, length)
           / (1 - coalesce((%(objectives)s::jsonb ->> (labels ->> 'target'))::float8, %(otherwise)s) / 100) as burn
    from grown
)
insert into arriving (metric, labels, unit, at, value)
select 'error_budget_burn', s.labels || jsonb_build_object('pair', p.name), 'ratio', s.at, least(s.burn, l.burn)
from jsonb_to_recordset(%(pairs)s::jsonb) as p (name text, short int, long int)
join burn s on s.length = p.short join burn l on l.length = p.long and l.labels = s.labels
union all
select 'api_error_rate', labels, 'percent', at, 100 * failed / watched from grown where length = %(short)s and watched > 0
union all
select 'availability', labels, 'percent', at, 100 - 100 * failed / watched from grown where length = %(month)s and watched > 0

-- name: responses
-- Mean response time and Apdex of the last 5 minutes. Apdex = (satisfied + tolerated / 2) / all, satisfied up to T and tolerated up to 4 T
-- (Apdex Alliance); failures count as their share of the time, as there are more probes while a target is down.
with answered as materialized (
    select u.labels, max(p.at) as at, avg(p.value) as mean,
           avg(case when p.value <= %(satisfied)s then 1 when p.value <= 4 * %(satisfied)s then 0.5 else 0 end) as score
    from arriving c join series u on u.digest = md5('api_up' || c.labels::text)::uuid
    join series t on t.digest = md5('api_response_time' || (u.labels || '{"phase": "total"}')::text)::uuid
    cross join lateral (
        select at, value from sample
        where series_id = t.id and at > %(now)s - interval '5 minutes' and at <= %(now)s offset 0
    ) p
    cross join lateral (select from sample where series_id = u.id and at = p.at and value = 1 limit 1) a
    where c.metric = 'api_watched_seconds_total'
    group by u.labels
), failing as (
    select labels, at, value / 100 as share from arriving where metric = 'api_error_rate'
)
insert into arriving (metric, labels, unit, at, value)
select 'api_response_time_mean', labels, 's', at, mean from answered
union all
select 'apdex', labels, 'ratio', coalesce(f.at, a.at), coalesce(a.score, 0) * (1 - coalesce(f.share, 0))
from answered a full join failing f using (labels)
