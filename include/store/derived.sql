-- name: disk_full_in
-- Seconds until a file system is full at the pace of the last six hours, or at that of the last one where it is slower: what was written once
-- and is over fills no disk. Its free space by least squares, as far as it falls. One that does not fill up has ten years.
insert into arriving (metric, labels, unit, at, value)
select 'disk_full_in', s.labels, 's', %(now)s,
       case when trend.slope < 0 then least(greatest(trend.newest, 0) / -trend.slope, 315360000) else 315360000 end
from series s
join latest l on l.series_id = s.id and l.at > %(now)s - interval '15 minutes'
cross join lateral (
    select greatest(regr_slope(p.value, extract(epoch from p.at)),
                    regr_slope(p.value, extract(epoch from p.at)) filter (where p.at > %(now)s - interval '1 hour')) as slope,
           (array_agg(p.value order by p.at desc))[1] as newest, max(p.at) - min(p.at) as seen
    from sample p where p.series_id = s.id and p.at > %(now)s - interval '6 hours') as trend
where s.metric = 'disk_free' and trend.seen >= interval '1 hour'

-- name: table_rows_drop
-- How many percent of the most rows of the last day a table has lost.
insert into arriving (metric, labels, unit, at, value)
select 'table_rows_drop', s.labels, 'percent', %(now)s, greatest(100 * (1 - l.value / nullif(day.most, 0)), 0)
from series s
join latest l on l.series_id = s.id and l.at > %(now)s - interval '15 minutes'
cross join lateral (
    select max(p.value) as most from sample p where p.series_id = s.id and p.at > %(now)s - interval '1 day') as day
where s.metric = 'table_rows' and day.most > 0

-- name: database_deadlocks_rate
-- How many deadlocks there were within the last hour: the growth of their counter, which may have started anew meanwhile.
insert into arriving (metric, labels, unit, at, value)
select 'database_deadlocks_rate', s.labels, 'deadlocks/h', %(now)s, coalesce(hour.grown, 0)
from series s
join latest l on l.series_id = s.id and l.at > %(now)s - interval '15 minutes'
cross join lateral (
    select sum(greatest(step.value - step.before, 0)) as grown
    from (select p.value, lag(p.value) over (order by p.at) as before
          from sample p where p.series_id = s.id and p.at > %(now)s - interval '1 hour') as step) as hour
where s.metric = 'database_deadlocks'

-- name: database_replicas_lost
-- How many replicas fewer there are than the most within the last day.
insert into arriving (metric, labels, unit, at, value)
select 'database_replicas_lost', s.labels, 'count', %(now)s, greatest(day.most - l.value, 0)
from series s
join latest l on l.series_id = s.id and l.at > %(now)s - interval '15 minutes'
cross join lateral (
    select max(p.value) as most from sample p where p.series_id = s.id and p.at > %(now)s - interval '1 day') as day
where s.metric = 'database_replicas' and day.most is not null

-- name: lag_unanswered
-- While a replica is lost, nobody says how far it is behind: what stands of that is not over. At the moment of the reading that says nothing.
insert into arriving (metric, labels, unit, at, value, note)
select 'metric_unanswered', a.labels || jsonb_build_object('metric', m.name), 'bool', up.at, 1, 'a replica is not connected any more'
from arriving a
join series s on s.digest = md5('source_up' || (a.labels || '{"duty": "database_health", "source": "databases"}')::text)::uuid
join latest up on up.series_id = s.id
cross join (values ('database_replication_lag'), ('database_replication_lag_bytes')) as m (name)
where a.metric = 'database_replicas_lost' and a.value > 0
