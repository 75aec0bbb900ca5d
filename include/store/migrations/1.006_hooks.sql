-- What vendors call us about.

-- Calls that were answered, so that a recording of one is answered once.
create table hook_call (
    vendor  text not null,
    id      text not null,
    at      timestamptz not null,
    primary key (vendor, id)
);
