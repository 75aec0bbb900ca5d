-- What the sessions of users do.
--
-- asked: every minute
-- needs: pg_monitor
-- database_connections{state} in sessions: by what they do

select known.state, count(a.pid) as database_connections
from unnest(array['active', 'idle', 'idle in transaction', 'idle in transaction (aborted)', 'other']) as known (state)
left join pg_stat_activity a
    on a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
   and case when a.state in ('active', 'idle', 'idle in transaction', 'idle in transaction (aborted)') then a.state else 'other' end = known.state
group by known.state
