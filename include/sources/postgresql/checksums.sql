-- Pages whose checksum was wrong when they were read; nothing where checksums are off.
--
-- database_checksum_failures in count: since the statistics began, or are begun anew with pg_stat_reset()

select sum(checksum_failures) as database_checksum_failures,
       string_agg(checksum_failures || ' in ' || coalesce(datname, 'what all databases share') || ', last at ' || checksum_last_failure::timestamptz(0),
                  '; ' order by checksum_last_failure desc) filter (where checksum_failures > 0) as note
from pg_stat_database
