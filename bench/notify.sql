-- name: accounts
-- So many accounts that end in ten days, when managers get no copy yet, one owner each, of a system whose baseline was taken.
with system as (
    insert into account_system (source, identity, collected_at, baseline_at) values ('accounts', 'bench', %(now)s, %(now)s)
    on conflict (source) do nothing
), population as (
    insert into account_population values ('accounts', 'acme', 1000000) on conflict do nothing
)
insert into account_snapshot
select 'accounts', %(prefix)s || n, 'account', %(now)s::timestamptz + interval '10 days', 1, 7, 'user' || n, 'Ada Bell ' || n,
       'user' || n || '@acme.example', 'acme', 'Research', 'SOC_ANALYST', 'Max Mayer', 'max@acme.example', '', %(now)s
from generate_series(1, %(accounts)s) n

-- name: commits
-- Transactions that this database has committed.
select xact_commit as commits from pg_stat_database where datname = current_database()
