-- How far this server is behind, where it is a standby.
--
-- asked: every minute
-- needs: pg_monitor
-- database_standby in bool: whether it is one
-- database_replay_lag in s: age of the last transaction that can be read here; 0 when all that a connected primary sent is replayed
-- database_replay_lag_bytes in bytes: of WAL that arrived and cannot be read yet
-- database_replay_paused in bool: whether somebody has paused it

with stand as (
    select pg_is_in_recovery() as standby, pg_last_wal_replay_lsn() as replayed,
           greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) as received,
           (select 'receives from ' || coalesce(sender_host, 'its primary') from pg_stat_wal_receiver where status = 'streaming') as sender
)
select standby::int as database_standby,
       case when not standby then null when sender is not null and replayed >= received then 0
            else extract(epoch from clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())) end as database_replay_lag,
       case when standby then pg_wal_lsn_diff(received, replayed) end as database_replay_lag_bytes,
       case when standby then pg_is_wal_replay_paused()::int end as database_replay_paused,
       case when standby then coalesce(sender, 'receives from nobody') end as note
from stand
