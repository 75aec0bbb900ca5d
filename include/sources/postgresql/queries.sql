-- The statement that has been running for longest.
--
-- asked: every minute
-- needs: pg_monitor
-- database_longest_query in s: how long it has been running

select coalesce(extract(epoch from clock_timestamp() - query_start), 0) as database_longest_query,
       'pid ' || pid || ', ' || usename || ' with ' || application_name || ' in ' || datname as note, left(query, 10000) as query
from (values (0)) as always
left join lateral (
    select * from pg_stat_activity
    where state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid()
    order by query_start limit 1
) as longest on true
