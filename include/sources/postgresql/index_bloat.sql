-- Space in B-tree indexes of this database that holds nothing, by an estimate from the statistics of their columns: the method of
-- pgsql-bloat-estimation (Jehan-Guillaume de Rorthais), simplified; one with many equal values may have more.
--
-- needs: all_tables
-- database_index_bloat{index} in bytes: the 10 indexes of 1 MB and more with the most
-- database_index_bloat_share{index} in percent: of the index

with part as (
    -- The statistics of an expression stand under the name of the index.
    select i.indexrelid, coalesce(c.attname, e.attname) as attname, case when i.indkey[at] = 0 then i.indexrelid else i.indrelid end as holder
    from pg_index i cross join generate_series(0, i.indnatts - 1) as at
    left join pg_attribute c on c.attrelid = i.indrelid and c.attnum = i.indkey[at] and i.indkey[at] <> 0
    left join pg_attribute e on e.attrelid = i.indexrelid and e.attnum = at + 1 and i.indkey[at] = 0
), width as (
    select indexrelid, sum((1 - null_frac) * avg_width) as data
    from part join pg_class c on c.oid = holder join pg_namespace n on n.oid = c.relnamespace
    join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = part.attname and not s.inherited
    where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    group by indexrelid having count(*) = max((select indnatts from pg_index i where i.indexrelid = part.indexrelid))
), shape as (
    select n.nspname || '.' || c.relname as name, relpages, reltuples, current_setting('block_size')::int as block,
           coalesce(substring(reloptions::text from 'fillfactor=(\d+)')::int, 90) as fill,
           -- A line pointer of 4 bytes and a header of 8.
           12 + 8 * ceil(data / 8) as bytes
    from pg_class c join width w on w.indexrelid = c.oid join pg_am a on a.oid = c.relam join pg_namespace n on n.oid = c.relnamespace
    where a.amname = 'btree' and relpages >= 128 and reltuples >= 0
), waste as (
    -- Of each page 24 bytes are its header, and 16 link it to its neighbours; the first page of all describes the index.
    select *, greatest(relpages - 1 - ceil(reltuples / greatest(floor((block - 40) * fill / 100 / bytes), 1)), 0) as pages from shape
)
select name as "index", pages * block as database_index_bloat, 100 * pages / relpages as database_index_bloat_share
from waste order by pages desc limit 10
