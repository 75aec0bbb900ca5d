-- How much is written ahead; nothing on a standby, which writes none.
--
-- asked: every minute
-- database_wal_bytes in bytes: of WAL since the server was made
-- database_wal_rate in bytes/s = database_wal_bytes per second: how fast WAL is written

select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as database_wal_bytes where not pg_is_in_recovery()
