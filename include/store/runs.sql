-- name: newest
-- The newest attempt of a stage, and whether the run has collected again since.
select r.*, exists (select from run c where c.duty = r.duty and c.run_id = r.run_id and c.stage = 'collect' and c.id > r.id) as outdated
from run r where duty = %(duty)s and run_id = %(run_id)s and stage = %(stage)s order by attempt desc limit 1

-- name: add
-- One more attempt of a stage, with what came of it.
insert into run (duty, run_id, stage, attempt, run_after, started_at, finished_at, state, counts, error)
select %(duty)s, %(run_id)s, %(stage)s, coalesce(max(attempt), 0) + 1, %(run_after)s, %(started_at)s, %(finished_at)s,
       %(state)s, %(counts)s, %(error)s
from run where duty = %(duty)s and run_id = %(run_id)s and stage = %(stage)s

-- name: ever_complete
-- Whether a stage of a duty was ever complete.
select exists (select from run where duty = %(duty)s and stage = %(stage)s and state = 'complete')

-- name: began_before
-- When the newest other run of a duty began a stage that it completed.
select max(started_at) from run where duty = %(duty)s and stage = %(stage)s and run_id <> %(run_id)s and state = 'complete'

-- name: standing
-- How each of these duties stands: when a run of it last came through, how many failed since, and what the newest of those said.
select name as duty, good.finished_at as through_at, bad.runs as failed, bad.error
from unnest(%(duties)s::text[]) as name
left join lateral (
    select started_at, finished_at from run
    where duty = name and stage = 'over' and state = 'complete' order by started_at desc limit 1
) good on true
cross join lateral (
    select count(distinct run_id) as runs, (array_agg(stage || ': ' || error order by stage = 'over', id desc))[1] as error from run
    where duty = name and state = 'failed' and started_at > coalesce(good.started_at, '-infinity')
) bad

-- name: expect
-- Since when each of these duties is expected to run: since it was first seen among them. One that is not, as a paused one, begins anew.
with gone as (
    delete from expected where duty <> all(%(duties)s::text[])
), made as (
    insert into expected (duty, since) select name, %(now)s from unnest(%(duties)s::text[]) as name on conflict do nothing
    returning duty, since
)
select duty, since from expected where duty = any(%(duties)s::text[]) union all select duty, since from made

-- name: lock_duty
-- One evaluator per duty at a time, to the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('monitoring.duty.' || %(duty)s, 0))

-- name: forget
-- Delete the attempts that started before a moment.
delete from run where started_at < %(before)s
