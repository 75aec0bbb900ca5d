-- name: candidates
-- The newest value of every series that is in breach of a rule (a JSON array) or has an open alert of it, also one that is not measured any
-- more: its value is null then. A value that is not newer than `since` is none. Values and limits are multiplied by the rule's sign: where
-- low values are the bad ones, they are the great ones then. `stands`: the alert that this value leaves as it is, since it fires, is as bad
-- as before, and swings no more.
with rule as materialized (
    select * from jsonb_to_recordset(%(rules)s::jsonb) as r (
        name text, metric text, labels jsonb, sign float8, widest float8, limits jsonb, variants jsonb, priorities jsonb)
), standing as materialized (
    select r.name, a.labels, s.unit, l.value, l.at, l.note, s.id as series_id,
           case when l.at > a.evaluated_at and a.state in ('firing', 'acknowledged')
                     and a.history = %(steady)s and not a.flapping
                     and a.severity::text = is_now.severity and a.priority::text = r.priorities ->> is_now.severity then a.id end as stands
    from alert a
    join rule r on r.name = a.rule
    left join series s on s.digest = md5(r.metric || a.labels::text)::uuid
    left join latest l on l.series_id = s.id and l.at > %(since)s
    cross join lateral (select coalesce(r.variants -> (a.labels ->> 'environment'), r.limits) as found) as limits
    cross join lateral (select case when l.value * r.sign >= (limits.found ->> 'critical')::float8 then 'critical'
                                    when l.value * r.sign >= (limits.found ->> 'warning')::float8 then 'warning' end as severity) as is_now
    where a.duty = %(duty)s and a.state <> 'resolved'
), beyond as materialized (
    select r.*, l.series_id, l.value, l.at, l.note
    from rule r join latest l on l.metric = r.metric
    -- a difference, since statistics of a time that always moves on are too old to plan by
    where l.at - %(since)s > interval '0' and l.value * r.sign >= r.widest
), breach as (
    select b.name, s.labels, s.unit, b.value, b.at, b.note, null::bigint as stands
    from beyond b
    cross join lateral (select * from series where id = b.series_id offset 0) s  -- looked up for few, never joined to all
    cross join lateral (select coalesce(b.variants -> (s.labels ->> 'environment'), b.limits) as found) as limits
    where b.value * b.sign >= (limits.found ->> 'least')::float8
      and (b.labels = '{}' or not exists (select from jsonb_each_text(b.labels) as m
                                          where coalesce(s.labels ->> m.key, '') not like m.value))
      and (b.series_id, b.name) not in (select series_id, name from standing where series_id is not null)
)
select * from breach union all select name, labels, unit, value, at, note, stands from standing

-- name: doubts
-- What targets of a duty that answered did not say when they were last read: metrics that could not be had, any metric ('') where series
-- were dropped.
select distinct s.labels ->> 'target' as target, coalesce(s.labels ->> 'metric', '') as metric
from latest l join series s on s.id = l.series_id
where l.metric in ('metric_unanswered', 'series_dropped') and l.value > 0
  and exists (select from latest u join series r on r.id = u.series_id
              where u.metric = 'source_up' and u.at = l.at and r.labels ->> 'duty' = %(duty)s
                and r.labels ->> 'target' = s.labels ->> 'target')

-- name: abandoned
-- Open alerts of limits that are no longer in force.
select rule, labels, severity, progress from alert
where duty = %(duty)s and state <> 'resolved' and detail ? 'limit' and rule <> all(%(names)s)
