-- How old the newest that could be restored is, by the server's own archive; where a query or a file says it, this is not asked.
--
-- backup_age in s: since WAL was archived, or since the statistics began if none ever was; set archive_timeout where little is written

select extract(epoch from clock_timestamp() - coalesce(last_archived_time, stats_reset)) as backup_age,
       coalesce('WAL ' || last_archived_wal, 'no WAL was ever archived') as note
from pg_stat_archiver
where current_setting('archive_mode') = 'always' or current_setting('archive_mode') = 'on' and not pg_is_in_recovery()
