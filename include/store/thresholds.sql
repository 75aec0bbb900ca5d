-- name: candidates
-- The newest value of every series that is in breach of a rule (a JSON array) or has an open alert of it, also one that is not measured any
-- more: its value is null then. A value that is not newer than `since` is none.
with rule as materialized (
    select * from jsonb_to_recordset(%(rules)s::jsonb) as r (name text, metric text, labels jsonb, below boolean, least float8, widest float8, variants jsonb)
), beyond as materialized (
    select r.name, l.series_id, l.value, l.at, l.note, r.labels, r.below, r.least, r.variants
    from rule r join latest l on l.metric = r.metric
    where l.at > %(since)s and case when r.below then l.value <= r.widest else l.value >= r.widest end
), breach as (
    select b.name, s.labels, s.unit, b.value, b.at, b.note
    from beyond b
    cross join lateral (select * from series where id = b.series_id offset 0) s  -- looked up for few, never joined to all
    cross join lateral (select coalesce((b.variants ->> (s.labels ->> 'environment'))::float8, b.least) as least) as limits
    where case when b.below then b.value <= limits.least else b.value >= limits.least end
      and (b.labels = '{}' or not exists (select from jsonb_each_text(b.labels) as m
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
