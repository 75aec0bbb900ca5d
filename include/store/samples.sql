-- name: make_room
-- Where samples arrive before they are settled, once for a session; whatever is there at the end of a transaction is gone.
create temp table if not exists arriving (metric text, labels jsonb, unit text, at timestamptz, value float8, note text) on commit delete rows

-- name: arrive
-- Samples as they come.
copy arriving from stdin

-- name: rates
-- The growth of counters since the value before, per second or per growth of another counter, with the note of the newer value. One that
-- shrank has started anew; one last seen more than an hour ago says nothing about now; where the other did not grow there is no ratio.
-- A watcher and a duty read the same counters, each at its own time: of what was read just before, an earlier value is taken if there is
-- one, since what grew within a moment is mostly what the reading itself takes.
with rate as materialized (
    select * from jsonb_to_recordset(%(rates)s::jsonb) as r (metric text, counter text, per text, unit text, scale float8)
), grown as materialized (
    select a.metric, a.labels, a.at, a.note, a.value - before.value as growth, extract(epoch from a.at - before.at) as seconds
    from arriving a
    join series s on s.digest = md5(a.metric || a.labels::text)::uuid
    join latest l on l.series_id = s.id
    left join lateral (
        select p.value, p.at from sample p
        where a.at - l.at < interval '15 seconds' and p.series_id = l.series_id
          and p.at between a.at - interval '2 minutes' and a.at - interval '15 seconds'
        order by p.at desc limit 1) as earlier on true
    cross join lateral (select coalesce(earlier.value, l.value) as value, coalesce(earlier.at, l.at) as at) as before
    where a.metric in (select counter from rate union select per from rate)
      and a.value >= l.value and a.value >= before.value and a.at > l.at and a.at - l.at <= interval '1 hour'
)
insert into arriving (metric, labels, unit, at, value, note)
select r.metric, g.labels, r.unit, g.at, g.growth / coalesce(p.growth, g.seconds) * r.scale, g.note
from rate r
join grown g on g.metric = r.counter
left join grown p on p.metric = r.per and p.labels = g.labels and p.at = g.at
where r.per is null or p.growth > 0

-- name: limit
-- New series of a target that has had so many within a day do not arrive, as where a label is another one each time: `series_dropped` counts
-- them. What the monitoring itself says of a target always does.
with fresh as materialized (
    select a.ctid as place, a.labels ->> 'target' as target, row_number() over (partition by a.labels ->> 'target') as number
    from arriving a
    where a.labels ? 'target' and a.metric not in ('source_up', 'source_duration', 'series_dropped', 'metric_unanswered')
      and not exists (select from series s where s.digest = md5(a.metric || a.labels::text)::uuid)
), had as materialized (
    select s.labels ->> 'target' as target, count(*) as series
    from series s join latest l on l.series_id = s.id
    where s.labels ->> 'target' in (select target from fresh) and %(now)s - l.at < interval '1 day'
    group by 1
), dropped as (
    delete from arriving a using fresh f left join had h using (target)
    where a.ctid = f.place and f.number + coalesce(h.series, 0) > %(most)s
    returning f.target
)
update arriving a set value = a.value + d.series from (select target, count(*) as series from dropped group by 1) d
where a.metric = 'series_dropped' and a.labels ->> 'target' = d.target

-- name: settle
-- What has arrived becomes samples, of series that are made where they are new, and the newest of each is kept unless a newer one is
-- there already, and not from the future, as of a clock that has been set right.
with arrived as materialized (
    delete from arriving returning *, md5(metric || labels::text)::uuid as digest
), made as (
    insert into series (metric, labels, unit)
    select distinct on (digest) metric, labels, unit from arrived
    where not exists (select from series s where s.digest = arrived.digest)
    on conflict (digest) do update set unit = excluded.unit
    returning id, digest
), told as materialized (
    select coalesce(s.id, m.id) as id, l.series_id is null as fresh, a.metric, a.at, a.value, a.note
    from arrived a left join series s on s.digest = a.digest left join made m on m.digest = a.digest left join latest l on l.series_id = s.id
), kept as (
    insert into sample (series_id, at, value, note) select id, at, value, note from told
), newest as materialized (
    select distinct on (id) id, fresh, metric, at, value, note from told order by id, at desc
), moved as (
    update latest l set at = n.at, value = n.value, note = n.note from newest n
    where n.id = l.series_id and (n.at >= l.at or l.at > clock_timestamp() + interval '1 minute')
), begun as (
    insert into latest (series_id, metric, at, value, note)
    select id, metric, at, value, note from newest where fresh
    on conflict (series_id) do update set at = excluded.at, value = excluded.value, note = excluded.note
    where excluded.at >= latest.at
)
select count(*) as samples from told

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

-- name: forget_series
-- Delete the series that nothing was measured of since a moment, as of containers that are long gone, with their last values.
with dead as (delete from latest where at < %(before)s returning series_id)
delete from series s using dead d where s.id = d.series_id

-- name: partitions_before
-- Names of the daily partitions that hold nothing of this day or later.
select child.relname as name
from pg_inherits join pg_class child on child.oid = inhrelid
where inhparent = 'monitoring.sample'::regclass and child.relname ~ '^sample_\d{8}$'
  and to_date(right(child.relname, 8), 'YYYYMMDD') < %(day)s::date
order by 1

-- name: measured_at
-- The samples of these moments.
select s.metric, s.labels, p.value, s.unit from sample p join series s on s.id = p.series_id
where p.at = any(%(moments)s) order by s.metric, s.labels
