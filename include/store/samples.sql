-- name: register
-- The series of a JSON array of [metric, labels, unit], made where they are new: their ids, in the array's order.
with wanted as materialized (
    select ordinal, metric, labels, unit, md5(metric || labels::text)::uuid as digest
    from jsonb_array_elements(%(series)s::jsonb) with ordinality as w (series, ordinal)
    cross join lateral (select series ->> 0 as metric, series -> 1 as labels, series ->> 2 as unit) part
), made as (
    insert into series (metric, labels, unit)
    select distinct on (digest) metric, labels, unit from wanted
    where not exists (select from series s where s.digest = wanted.digest)
    on conflict (digest) do update set unit = excluded.unit
    returning id, digest
)
select coalesce(s.id, m.id) as id
from wanted w
left join series s on s.digest = w.digest
left join made m on m.digest = w.digest
order by w.ordinal

-- name: load
-- Samples as they come.
copy sample (series_id, at, value, note) from stdin

-- name: keep_latest
-- The newest of each series, unless a newer one is there already.
with newest as materialized (
    select distinct on (series_id) series_id, at, value, note
    from unnest(%(series)s::bigint[], %(ats)s::timestamptz[], %(values)s::float8[], %(notes)s::text[]) as n (series_id, at, value, note)
    order by series_id, at desc
), moved as (
    update latest l set at = n.at, value = n.value, note = n.note from newest n where n.series_id = l.series_id and n.at >= l.at
)
insert into latest (series_id, at, value, note)
select * from newest n where not exists (select from latest l where l.series_id = n.series_id)
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

-- name: forget_stray
-- Delete what is older than a day and never had a partition.
delete from sample_default where at < %(day)s::date at time zone 'UTC'

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
