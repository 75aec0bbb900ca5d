-- How large the databases are.
--
-- needs: all_databases
-- database_size{database} in bytes: on disk, the largest 20

select datname as database, pg_database_size(oid) as database_size from pg_database where datallowconn order by 2 desc limit 20
