-- name: needs
-- What metrics may need, whether it is there, and what else to do about it.
select 'pg_monitor' as need, pg_has_role('pg_read_all_stats', 'usage') as met,
       'not permitted: run GRANT pg_monitor TO ' || quote_ident(current_user) as otherwise
union all
select 'all_databases', pg_has_role('pg_read_all_stats', 'usage') or bool_and(has_database_privilege(oid, 'connect')),
       'not permitted: run GRANT pg_monitor TO ' || quote_ident(current_user) from pg_database where datallowconn
union all
select 'pg_stat_statements', coalesce(has_schema_privilege(extnamespace, 'usage'), false),
       coalesce('not permitted: run GRANT USAGE ON SCHEMA ' || quote_ident(nspname) || ' TO ' || quote_ident(current_user),
                'not there: run CREATE EXTENSION pg_stat_statements in database ' || quote_ident(current_database()))
from (values (0)) as always left join pg_extension on extname = 'pg_stat_statements' left join pg_namespace n on n.oid = extnamespace

-- name: needs_of_tables
-- The same of all tables: it takes a look at each, and is not asked every minute.
select 'all_tables' as need, count(*) = 0 as met,
       'not permitted: run GRANT SELECT ON ALL TABLES IN SCHEMA ' || left(string_agg(distinct quote_ident(nspname), ', '), 200)
           || ' TO ' || quote_ident(current_user) as otherwise
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where relkind = 'r' and nspname <> 'information_schema' and nspname !~ '^pg_' and not has_table_privilege(c.oid, 'select')

-- name: statements
-- Where pg_stat_statements was put. It is named in full: in its schema others may have put what looks like something of pg_catalog.
select quote_ident(nspname) as schema from pg_extension e join pg_namespace n on n.oid = extnamespace where extname = 'pg_stat_statements'

-- name: table_rows
-- How many rows a table has with all its partitions, as far as is known without counting; one without a schema is not there. What is
-- known of rows is lost in a crash, and begins anew with those that come then, but not what the last vacuum saw: until the next one,
-- that counts, less what was deleted. Rows that came just before a vacuum may be counted twice: no more count than it saw. Of a partitioned
-- table the partitions count, as what was once seen of all of them is never changed.
with named as (
    select to_regclass(%(table)s) as id
), part as (
    select id as part from named union select relid from named, pg_partition_tree(id)
)
select (select nspname from pg_namespace where oid = max(t.relnamespace)) as schema, max(t.relname) as name,
       sum(case when c.relkind = 'p' then 0
                when coalesce(s.last_vacuum, s.last_autovacuum, s.last_analyze, s.last_autoanalyze) is not null
                     then least(s.n_live_tup, case when c.reltuples > 0 then c.reltuples end)
                else greatest(s.n_live_tup, c.reltuples - coalesce(s.n_tup_del, 0), 0) end) as rows,
       sum(greatest(c.relpages, 0)) as pages, coalesce(bool_and(has_table_privilege(t.oid, 'select')), false) as readable
from named left join pg_class t on t.oid = id cross join part left join pg_class c on c.oid = part
left join pg_stat_all_tables s on s.relid = part
