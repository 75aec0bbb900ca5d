-- name: register
-- The series of these metrics and labels, made where they are new: rows (ordinal, id).
with wanted as (
    select ordinality as ordinal, metric, labels::jsonb as labels, unit
    from unnest(%(metrics)s::text[], %(labels)s::text[], %(units)s::text[]) with ordinality as w (metric, labels, unit, ordinality)
), made as (
    insert into series (metric, labels, unit)
    select distinct on (metric, labels) metric, labels, unit from wanted
    where not exists (select from series s where s.digest = md5(wanted.metric || wanted.labels::text)::uuid)
    on conflict (digest) do update set unit = excluded.unit
    returning id, digest
)
select w.ordinal, coalesce(s.id, m.id) as id
from wanted w
left join series s on s.digest = md5(w.metric || w.labels::text)::uuid
left join made m on m.digest = md5(w.metric || w.labels::text)::uuid
order by w.ordinal

-- name: load
-- Samples as they come.
copy sample (series_id, at, value, note) from stdin

-- name: keep_latest
-- The newest of each series, unless a newer one is there already.
insert into latest (series_id, at, value, note)
select distinct on (series_id) series_id, at, value, note
from unnest(%(series)s::bigint[], %(ats)s::timestamptz[], %(values)s::float8[], %(notes)s::text[]) as n (series_id, at, value, note)
order by series_id, at desc
on conflict (series_id) do update set at = excluded.at, value = excluded.value, note = excluded.note
where excluded.at >= latest.at

-- name: newest
-- The newest value of every series of a metric.
select s.labels, s.unit, l.value, l.at, l.note
from series s join latest l on l.series_id = s.id
where s.metric = %(metric)s and s.labels @> %(labels)s

-- name: ensure_partitions
-- Make the partitions from yesterday to so many days ahead; how many were missing.
select count(*) filter (where ensure_partition(%(today)s::date + day)) from generate_series(-1, %(ahead)s) day

-- name: partitions_before
-- Names of the daily partitions that hold nothing of this day or later.
select child.relname as name
from pg_inherits join pg_class child on child.oid = inhrelid
where inhparent = 'monitoring.sample'::regclass and child.relname ~ '^sample_\d{8}$'
  and to_date(right(child.relname, 8), 'YYYYMMDD') < %(day)s::date
order by 1

-- name: measured_since
-- The samples since a moment.
select s.metric, s.labels, p.value, s.unit from sample p join series s on s.id = p.series_id where p.at >= %(since)s order by s.metric, s.labels
