-- How long ago the tables of this database were tidied up, of those with 1000 rows and something to do; one that never was is as old as
-- the statistics.
--
-- database_vacuum_age in s: since the last vacuum of the table that waits for longest
-- database_analyze_age in s: since the last analyze of the table that waits for longest

with began as (
    select greatest(stats_reset, pg_postmaster_start_time()) as at from pg_stat_database where datname = current_database()
), tidy as (
    select schemaname || '.' || relname as name, n_dead_tup + n_ins_since_vacuum as dead, n_mod_since_analyze as changed,
           coalesce(greatest(last_vacuum, last_autovacuum), at) as vacuumed, coalesce(greatest(last_analyze, last_autoanalyze), at) as analyzed
    from pg_stat_user_tables, began where n_live_tup + n_dead_tup >= 1000
)
select coalesce(extract(epoch from clock_timestamp() - vacuumed), 0) as database_vacuum_age, null as database_analyze_age, name as note
from (values (0)) as always left join lateral (select * from tidy where dead > 0 order by vacuumed limit 1) as oldest on true
union all
select null, coalesce(extract(epoch from clock_timestamp() - analyzed), 0), name
from (values (0)) as always left join lateral (select * from tidy where changed > 0 order by analyzed limit 1) as oldest on true
