-- Who waits for a lock that another session holds, and for whom.
--
-- asked: every minute
-- needs: pg_monitor
-- database_blocked in sessions: waiting for a lock
-- database_blocked_longest in s: how long the one that has waited longest has

-- from 13: nothing says since when, a wait is taken to be as old as its statement
with waiting as (
    select pid, coalesce(query_start, state_change) as since from pg_stat_activity where wait_event_type = 'Lock'
), longest as (
    select pid, since, (pg_blocking_pids(pid))[1] as blocker from waiting order by since limit 1
)
select (select count(*) from waiting) as database_blocked, coalesce(extract(epoch from clock_timestamp() - since), 0) as database_blocked_longest,
       case when blocker = 0 then 'pid ' || l.pid || ' waits for a prepared transaction'
            else 'pid ' || l.pid || ' waits for pid ' || blocker || ', ' || a.usename || ' with ' || a.application_name || ', ' || a.state
       end as note,
       left(a.query, 10000) as query
from (values (0)) as always left join longest l on true left join pg_stat_activity a on a.pid = l.blocker

-- from 14: pg_locks knows since when
with waiting as (
    select pid, min(waitstart) as since from pg_locks where not granted group by pid
), longest as (
    select pid, since, (pg_blocking_pids(pid))[1] as blocker from waiting order by since limit 1
)
select (select count(*) from waiting) as database_blocked, coalesce(extract(epoch from clock_timestamp() - since), 0) as database_blocked_longest,
       case when blocker = 0 then 'pid ' || l.pid || ' waits for a prepared transaction'
            else 'pid ' || l.pid || ' waits for pid ' || blocker || ', ' || a.usename || ' with ' || a.application_name || ', ' || a.state
       end as note,
       left(a.query, 10000) as query
from (values (0)) as always left join longest l on true left join pg_stat_activity a on a.pid = l.blocker
