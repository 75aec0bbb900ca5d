-- The store's first form: series and samples, runs, alerts and their transitions, the outbox, reports, accounts.

create type severity as enum ('info', 'warning', 'critical');
create type alert_state as enum ('pending', 'firing', 'acknowledged', 'resolved', 'unknown');
create type message_state as enum ('pending', 'sending', 'sent', 'failed', 'held', 'suppressed', 'superseded', 'uncertain',
                                   'not_configured', 'no_receiver');

-- Configurations that were accepted; the newest is in force when the file is refused.
create table configuration (
    digest       text primary key,
    text         text not null,
    accepted_at  timestamptz not null
);

-- One row per run, stage and attempt: the idempotency key of a stage, and how the monitoring watches itself.
create table run (
    id           bigint generated always as identity primary key,
    duty         text not null,
    run_id       text not null,
    stage        text not null,
    attempt      int not null,
    run_after    timestamptz not null,
    started_at   timestamptz not null,
    finished_at  timestamptz not null,
    state        text not null check (state in ('complete', 'sick', 'failed')),
    counts       jsonb not null default '{}',
    error        text,
    unique (duty, run_id, stage, attempt)
);
create index run_recent on run (duty, started_at);

create table series (
    id      bigint generated always as identity primary key,
    metric  text not null,
    labels  jsonb not null,
    unit    text not null,
    -- a label may be longer than an index entry can be
    digest  uuid not null generated always as (md5(metric || labels::text)::uuid) stored unique
);
create index series_metric on series (metric);

create table sample (
    series_id  bigint not null,
    at         timestamptz not null,
    value      double precision not null,
    note       text
) partition by range (at);
create table sample_default partition of sample default;
create index sample_series_at on sample (series_id, at);

-- What evaluation reads: the newest sample of each series.
create table latest (
    series_id  bigint primary key references series,
    at         timestamptz not null,
    value      double precision not null,
    note       text
) with (fillfactor = 70);

create function ensure_partition(day date) returns boolean language plpgsql as $$
-- Makes the day's partition of sample if it is missing; rows that meanwhile fell into the default one move over first.
declare
    child text := 'sample_' || to_char(day, 'YYYYMMDD');
begin
    if to_regclass('monitoring.' || child) is not null then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtext('monitoring.ensure_partition'));
    if to_regclass('monitoring.' || child) is not null then
        return false;
    end if;
    execute format('create table monitoring.%I (like monitoring.sample including defaults)', child);
    execute format('with moved as (delete from monitoring.sample_default where at >= %L::date at time zone ''UTC'' '
                   'and at < (%L::date + 1) at time zone ''UTC'' returning *) insert into monitoring.%I select * from moved',
                   day, day, child);
    execute format('alter table monitoring.sample attach partition monitoring.%I for values from (%L) to (%L)',
                   child, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    return true;
end $$;

create table alert (
    id             bigint generated always as identity primary key,
    fingerprint    text not null,
    duty           text not null,
    rule           text not null,
    labels         jsonb not null,
    severity       severity not null,
    state          alert_state not null,
    reason         text not null,
    summary        text not null,
    -- how far it has gone within its severity; greater is worse
    progress       int not null default 0,
    detail         jsonb not null default '{}',
    opened_at      timestamptz not null,
    evaluated_at   timestamptz not null,
    resolved_at    timestamptz check ((resolved_at is not null) = (state = 'resolved')),
    resolution     text,
    cause          text,
    resolved_by    text
);
create unique index alert_one_open on alert (fingerprint) where state <> 'resolved';
create index alert_fingerprint on alert (fingerprint, evaluated_at desc);
create index alert_duty on alert (duty, state);

create table transition (
    id            bigint generated always as identity primary key,
    alert_id      bigint not null references alert,
    run_id        text,
    at            timestamptz not null,
    state_before  alert_state,
    state_after   alert_state not null,
    reason        text not null,
    severity      severity not null,
    summary       text not null,
    detail        jsonb not null default '{}'
);
create index transition_alert on transition (alert_id);

create table report (
    id            bigint generated always as identity primary key,
    duty          text not null,
    name          text not null,
    audience      text not null default '',
    run_id        text not null,
    period_start  timestamptz,
    period_end    timestamptz not null,
    reason        text not null,
    title         text not null,
    html          text not null,
    plain         text not null,
    csv           text not null,
    -- the last transition it tells of: the next report begins behind it
    told_until    bigint not null,
    created_at    timestamptz not null,
    -- and the last one that its receivers had been told of before
    told_from      bigint not null,
    unique (duty, name, audience, run_id, told_from)
);

-- The outbox. A row is an intention to tell one receiver one thing.
create table message (
    id               bigint generated always as identity primary key,
    key              text not null unique,
    duty             text not null,
    channel          text not null,
    receiver         text not null,
    group_key        text not null,
    priority         smallint not null default 1 check (priority in (0, 1, 2)),
    template         text not null,
    subject          text not null,
    content          jsonb not null,
    state            message_state not null default 'pending',
    alert_id         bigint references alert,
    report_id        bigint references report,
    created_at       timestamptz not null,
    due_at           timestamptz not null,
    attempts         int not null default 0,
    possible_repeat  boolean not null default false,
    accepted         text[] not null default '{}',
    drainer          int,
    attempted_at     timestamptz,
    finished_at      timestamptz,
    error            text
);
comment on column message.priority is '0 critical, 1 normal, 2 bulk';
comment on column message.drainer is 'session advisory lock held by the process that sends it; a sending row without its lock was orphaned';
create index message_due on message (priority, due_at, id) where state in ('pending', 'uncertain');
create index message_queue on message (channel, receiver, group_key, id) where state in ('pending', 'sending', 'uncertain', 'held');
create index message_sending on message (drainer) where state = 'sending';
create index message_report on message (report_id) where report_id is not null;
create index message_told on message (receiver, report_id desc) where report_id is not null;
create index message_recent on message (duty, created_at);
create sequence drainer as int cycle;

-- A system whose accounts are watched, as last counted.
create table account_system (
    source           text primary key,
    -- what the source is asked of: another one is another system, whose first run takes stock
    identity         text not null,
    collected_at     timestamptz,
    baseline_at      timestamptz,
    census_at        timestamptz,
    census_seconds   double precision
);

create table account_population (
    source        text not null references account_system,
    organization  text not null,
    accounts      bigint not null,
    primary key (source, organization)
);

create table account_calendar (
    source        text not null references account_system,
    organization  text not null,
    kind          text not null,
    day           date not null,
    accounts      bigint not null,
    primary key (source, organization, kind, day)
);

-- Everything inside the longest warning step or past its end, as last collected.
create table account_snapshot (
    source         text not null,
    account        text not null,
    kind           text not null check (kind in ('account', 'password', 'contract', 'membership')),
    expires_at     timestamptz not null,
    -- how many ends there are at this moment: memberships of one account that end together are one row
    items          int not null,
    grace_days     int not null,
    username       text not null,
    full_name      text not null,
    email          text not null,
    organization   text not null,
    department     text not null,
    role           text not null,
    manager_name   text not null,
    manager_email  text not null,
    groups         text not null,
    first_seen     timestamptz not null,
    expires_on     date not null generated always as ((expires_at at time zone 'UTC')::date) stored,
    primary key (source, account, kind, expires_at)
);
create index account_snapshot_kind on account_snapshot (source, organization, kind, expires_at);

-- A step of the ladder that an owner was told of, or deliberately not. Ends are told by their date: a clock time that a
-- synchronisation moves by a little is no other end.
create table reminder (
    source        text not null,
    account       text not null,
    kind          text not null,
    expires_on    date not null,
    step          text not null,
    organization  text not null,
    told          text not null check (told in ('baseline', 'suppressed', 'mailed')),
    message_id    bigint references message on delete set null,
    created_at    timestamptz not null,
    primary key (source, account, kind, expires_on, step)
);
create index reminder_message on reminder (message_id) where message_id is not null;
