-- What all databases of the server have done since their statistics began.
--
-- asked: every minute
-- database_transactions in count: ended, well or not
-- database_transactions_rate in 1/s = database_transactions per second: how many end
-- database_rollbacks in count: transactions that were rolled back
-- database_rollbacks_rate in 1/s = database_rollbacks per second: how many are rolled back
-- database_deadlocks in count: transactions ended because they waited for each other
-- database_temp_bytes in bytes: written to temporary files, as by sorts that need more than work_mem
-- database_temp_rate in bytes/s = database_temp_bytes per second: how much is written to temporary files
-- database_block_requests in count: blocks that were asked for
-- database_block_hits in count: blocks that were in shared_buffers
-- database_cache_hit in percent = 100 * database_block_hits per database_block_requests: blocks found in shared_buffers, of late

select sum(xact_commit + xact_rollback) as database_transactions, sum(xact_rollback) as database_rollbacks,
       sum(deadlocks) as database_deadlocks, sum(temp_bytes) as database_temp_bytes,
       sum(blks_hit + blks_read) as database_block_requests, sum(blks_hit) as database_block_hits
from pg_stat_database
