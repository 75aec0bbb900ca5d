-- name: series
-- So many series of one metric, equally many of each host.
insert into series (metric, labels, unit)
select 'cpu_usage', jsonb_build_object('target', 'host-' || host, 'environment', case host %% 2 when 0 then 'prod' else 'dev' end, 'core', core::text),
       'percent'
from generate_series(1, %(series)s / %(hosts)s) as core, generate_series(1, %(hosts)s) as host
order by host, core

-- name: latest
-- Their newest values: one of each hundred is in breach.
insert into latest (series_id, metric, at, value)
select id, metric, %(now)s, case when id %% 100 = 0 then 90 else id %% 70 end from series

-- name: limits
-- A limit for each series, as a statement would have it that knows nothing of rules.
create temp table bare_limit as select id as series_id, 80::float8 as critical from series

-- name: keyed
-- Found by its number.
alter table bare_limit add primary key (series_id)

-- name: bare
-- The yardstick: which of the newest values are beyond their limit.
select l.series_id, l.value from latest l join bare_limit b using (series_id) where l.value >= b.critical

-- name: renew
-- Later values: what is in breach is so otherwise.
update latest set at = %(now)s, value = case when value >= 80 then 81 + (series_id + extract(epoch from %(now)s::timestamptz)::bigint / 60) %% 13 + 0.7 else value end

-- name: arrive
-- A new value for each series, as a collection would bring it.
insert into arriving (metric, labels, unit, at, value)
select metric, labels, unit, %(now)s, 10 from series
