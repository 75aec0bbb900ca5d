-- Space in tables of this database that holds nothing, by an estimate from the statistics of their columns: the method of check_postgres
-- (Greg Sabino Mullane) and pgsql-bloat-estimation (Jehan-Guillaume de Rorthais), simplified, without TOAST.
--
-- needs: all_tables
-- database_table_bloat{table} in bytes: the 10 tables of 1 MB and more with the most
-- database_table_bloat_share{table} in percent: of the table

with width as (
    select c.oid, n.nspname || '.' || c.relname as name, sum((1 - null_frac) * avg_width) as data
    from pg_stats s join pg_namespace n on n.nspname = s.schemaname join pg_class c on c.relnamespace = n.oid and c.relname = s.tablename
    where not s.inherited and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    group by c.oid, n.nspname, c.relname
), shape as (
    select name, relpages, reltuples, current_setting('block_size')::int as block,
           coalesce(substring(reloptions::text from 'fillfactor=(\d+)')::int, 100) as fill,
           -- A line pointer of 4 bytes and a header of 24; rows begin at multiples of 8.
           28 + 8 * ceil(data / 8) as bytes
    from width join pg_class using (oid) where relkind = 'r' and relpages >= 128 and reltuples >= 0
), waste as (
    select *, greatest(relpages - ceil(reltuples / greatest(floor((block - 24) * fill / 100 / bytes), 1)), 0) as pages from shape
)
select name as "table", pages * block as database_table_bloat, 100 * pages / relpages as database_table_bloat_share
from waste order by pages desc limit 10
