-- name: candidates
-- The newest value of every series that is in breach of a rule (a JSON array) or has an open alert of it, also one that is not measured any
-- more: its value is null then. A value that is not newer than `since` is none.
with rule as materialized (
    select * from jsonb_to_recordset(%(rules)s::jsonb) as r (name text, metric text, labels jsonb, below boolean, least float8, variants jsonb)
), breach as (
    select r.name, s.labels, s.unit, l.value, l.at, l.note
    from rule r
    join series s on s.metric = r.metric
    join latest l on l.series_id = s.id and l.at > %(since)s
    cross join lateral (select coalesce((r.variants ->> (s.labels ->> 'environment'))::float8, r.least) as least) as limits
    where case when r.below then l.value <= limits.least else l.value >= limits.least end
      and (r.labels = '{}' or not exists (select from jsonb_each_text(r.labels) as m
                                          where coalesce(s.labels ->> m.key, '') not like m.value))
), standing as (
    select r.name, a.labels, s.unit, l.value, l.at, l.note
    from alert a
    join rule r on r.name = a.rule
    left join series s on s.digest = md5(r.metric || a.labels::text)::uuid
    left join latest l on l.series_id = s.id and l.at > %(since)s
    where a.duty = %(duty)s and a.state <> 'resolved'
)
select * from breach union select * from standing

-- name: abandoned
-- Open alerts of limits that are no longer in force.
select rule, labels, severity, progress from alert
where duty = %(duty)s and state <> 'resolved' and detail ? 'limit' and rule <> all(%(names)s)
