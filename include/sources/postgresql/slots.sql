-- What replication slots keep the server from deleting.
--
-- database_slot_retained{slot} in bytes: of WAL that are kept for it, the largest 20
-- database_slot_inactive{slot} in bool: whether nobody reads from it

-- from 13: nothing says since when
select slot_name as slot, (not active)::int as database_slot_inactive,
       greatest(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn), 0)
           as database_slot_retained,
       concat_ws(', ', slot_type, database, 'WAL ' || wal_status) as note
from pg_replication_slots where not temporary
order by 3 desc nulls last limit 20

-- from 17: it is known since when nobody reads
select slot_name as slot, (not active)::int as database_slot_inactive,
       greatest(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn), 0)
           as database_slot_retained,
       concat_ws(', ', slot_type, database, 'WAL ' || wal_status, 'inactive since ' || inactive_since::timestamptz(0), invalidation_reason) as note
from pg_replication_slots where not temporary and not (synced and pg_is_in_recovery())  -- those of the primary that a standby keeps in step
order by 3 desc nulls last limit 20
