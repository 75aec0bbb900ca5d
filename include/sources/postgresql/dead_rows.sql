-- Tables of this database with many rows that nobody can see any more, and vacuum has not taken away.
--
-- database_dead_rows{table} in percent: of the rows of a table of 1000 and more, the 10 with the most

select schemaname || '.' || relname as "table", 100.0 * n_dead_tup / (n_live_tup + n_dead_tup) as database_dead_rows,
       n_dead_tup || ' rows, last vacuum ' || coalesce(greatest(last_vacuum, last_autovacuum)::timestamptz(0)::text, 'never') as note
from pg_stat_user_tables where n_live_tup + n_dead_tup >= 1000
order by n_dead_tup desc limit 10
