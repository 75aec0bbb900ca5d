-- What lists of targets said when they could be read last, by the list: it goes on to be true while they cannot be.
create table discovered (
    entry text primary key,
    targets jsonb not null,
    seen_at timestamptz not null
);
comment on column discovered.seen_at is 'since when the list says this';
