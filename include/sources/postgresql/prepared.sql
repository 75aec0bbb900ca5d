-- Prepared transactions that nobody has ended: they hold their locks, and vacuum back, over a restart too.
--
-- database_longest_prepared in s: how long ago the oldest was prepared

select coalesce(extract(epoch from clock_timestamp() - prepared), 0) as database_longest_prepared,
       left(gid, 100) || ' of ' || owner || ' in ' || database as note
from (values (0)) as always left join lateral (select * from pg_prepared_xacts order by prepared limit 1) as oldest on true
