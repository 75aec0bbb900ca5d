-- The statements that cost most time: 50 by all of it, so that one that has become slow of late is among them long before it has cost most
-- since the statistics began, and 10 by that of one call, of those called at least five times.
--
-- needs: pg_monitor, pg_stat_statements
-- database_statement_calls{queryid} in count: since the statistics began
-- database_statement_calls_rate in 1/s = database_statement_calls per second: how often it is called
-- database_statement_time{queryid} in s: spent in all its calls since the statistics began
-- database_statement_load in percent = 100 * database_statement_time per second: of one core or disk, if it waits for nothing
-- database_statement_mean in s = database_statement_time per database_statement_calls: how long one call takes, of late

with statement as (
    select queryid, sum(calls) as calls, sum(total_exec_time) / 1000 as seconds, min(left(query, 10000)) as query
    from @extschema:pg_stat_statements@.pg_stat_statements where queryid is not null group by queryid
), placed as (
    select *, row_number() over (order by seconds desc) as by_all,
           row_number() over (order by case when calls >= 5 then seconds / calls else 0 end desc) as by_one
    from statement
)
select queryid::text as queryid, calls as database_statement_calls, seconds as database_statement_time, query
from placed where by_all <= 50 or by_one <= 10 and calls >= 5
