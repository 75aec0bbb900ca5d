-- How far replicas are behind, as this server sees them.
--
-- asked: every minute
-- needs: pg_monitor
-- database_replicas in count: that are connected
-- database_replication_lag{replica} in s: until what was written here could be read there, by its last answer; grows only while anything is written
-- database_replication_lag_bytes{replica} in bytes: of WAL that were written here and cannot be read there yet

with here as (
    select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end as lsn
), replica as (
    select application_name as replica, string_agg(concat_ws(' ', host(client_addr), state), ', ') as note,
           max(case when replay_lsn >= lsn then 0 else extract(epoch from replay_lag) end) as lag,
           max(greatest(pg_wal_lsn_diff(lsn, replay_lsn), 0)) as bytes
    from here, pg_stat_replication
    where state in ('streaming', 'catchup')
    group by application_name order by bytes desc nulls first limit 20
)
select null::bigint as database_replicas, replica, lag as database_replication_lag, bytes as database_replication_lag_bytes, note from replica
union all
select count(*), null, null, null, null from pg_stat_replication where state in ('streaming', 'catchup')
