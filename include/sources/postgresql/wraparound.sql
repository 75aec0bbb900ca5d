-- How near the server is to the end of its transaction numbers, where it refuses every write.
--
-- database_wraparound_used in percent: of 2^31 numbers, since the oldest row that is not frozen
-- database_multixact_used in percent: of 2^31 numbers of row locks that several transactions share

(select 100.0 * age(datfrozenxid) / 2147483648 as database_wraparound_used, null as database_multixact_used,
        datname || ' is ' || age(datfrozenxid) || ' behind, vacuum begins at ' || current_setting('autovacuum_freeze_max_age') as note
 from pg_database order by 1 desc limit 1)
union all
(select null, 100.0 * mxid_age(datminmxid) / 2147483648,
        datname || ' is ' || mxid_age(datminmxid) || ' behind, vacuum begins at ' || current_setting('autovacuum_multixact_freeze_max_age')
 from pg_database order by 2 desc limit 1)
