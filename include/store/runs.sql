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

-- name: newest_of_each
-- When each duty last finished anything.
select duty, max(finished_at) as finished_at from run group by duty

-- name: lock_duty
-- One evaluator per duty at a time, to the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('monitoring.duty.' || %(duty)s, 0))

-- name: forget
-- Delete the attempts that started before a moment.
delete from run where started_at < %(before)s
