-- Who watches what, and until when; where a watcher stands.

create table lease (
    watcher   text primary key,
    holder    text not null,
    -- grows with every new holder: whoever has an older number writes nothing more
    fence     bigint not null,
    until     timestamptz not null,
    beaten_at timestamptz not null
);

create table cursor (
    watcher   text not null,
    name      text not null,
    position  jsonb not null,
    primary key (watcher, name)
);
