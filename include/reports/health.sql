-- name: newest
-- The newest value of each series of these metrics that is not too old, target by target.
select s.metric, s.labels, s.unit, l.value, l.at, l.note
from series s join latest l on l.series_id = s.id
where s.metric = any(%(metrics)s) and l.at > %(since)s and s.labels ? 'target'
order by s.labels ->> 'target', s.metric, s.labels

-- name: sources
-- Whether each target of a duty answered, as of late.
select s.labels, l.value, l.at, l.note
from series s join latest l on l.series_id = s.id
where s.metric = 'source_up' and s.labels ->> 'duty' = %(duty)s and s.labels ? 'target' and l.at > %(since)s
order by s.labels ->> 'target', s.labels

-- name: written_at
-- When the newest report of a duty was kept that another run made.
select max(period_end) as at from report where duty = %(duty)s and name = %(name)s and run_id <> %(run_id)s
