-- Whether the server archives its WAL; nothing where archive_mode is off, or on a standby that leaves it to the primary.
--
-- wal_archive_failed in bool: whether the last attempt failed

select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)::int as wal_archive_failed,
       case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal || ' at ' || last_failed_time::timestamptz(0) end as note
from pg_stat_archiver
where current_setting('archive_mode') = 'always' or current_setting('archive_mode') = 'on' and not pg_is_in_recovery()
