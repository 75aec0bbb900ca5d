-- Since when each duty that runs by the clock is expected to: nobody expects what is paused, or was never there.

create table expected (
    duty  text primary key,
    since timestamptz not null
);
