-- The transaction that has been open for longest, and those in which nothing happens.
--
-- asked: every minute
-- needs: pg_monitor
-- database_longest_transaction in s: how long it has been open, whatever it does
-- database_idle_in_transaction in sessions: open transactions in which nothing happens
-- database_longest_idle_in_transaction in s: for how long nothing has happened in one

with session as (
    select *, 'pid ' || pid || ', ' || usename || ' with ' || application_name || ' in ' || datname as note
    from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start is not null
), idle as (
    select * from session where state like 'idle in transaction%'
)
select coalesce(extract(epoch from clock_timestamp() - xact_start), 0) as database_longest_transaction,
       null as database_idle_in_transaction, null as database_longest_idle_in_transaction, note, left(query, 10000) as query
from (values (0)) as always left join lateral (select * from session order by xact_start limit 1) as oldest on true
union all
select null, (select count(*) from idle), coalesce(extract(epoch from clock_timestamp() - state_change), 0), note, left(query, 10000)
from (values (0)) as always left join lateral (select * from idle order by state_change limit 1) as idlest on true
