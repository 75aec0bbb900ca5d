-- Alerts that are acknowledged, silenced, grouped and escalated; what each receiver was told; caps, and channels that rest.

create type alert_priority as enum ('low', 'medium', 'high', 'critical');

alter table alert
    add column priority alert_priority not null default 'low',
    -- the group in which it is told; it stays there for as long as it is open, whatever the configuration says meanwhile
    add column group_key text,
    -- null while it has only been pending
    add column fired_at timestamptz,
    -- consecutive breaches so far
    add column breaches int not null default 1,
    -- the last judgements, newest in the lowest bit: 1 for a breach
    add column history int not null default 1,
    add column flapping boolean not null default false,
    add column acknowledged_by text,
    add column acknowledged_at timestamptz,
    add column acknowledged_until timestamptz,
    add column comment text,
    -- nobody has acknowledged it since; time under an acknowledgement does not count
    add column unattended_since timestamptz,
    -- when it last changed: what a message tells of it is known by this
    add column changed_at timestamptz,
    -- why nobody is told of it for now: silenced, maintenance, inhibited
    add column quiet text;
update alert set fired_at = opened_at, unattended_since = opened_at, changed_at = evaluated_at;
alter table alert alter column changed_at set not null;
create index alert_group_key on alert (group_key) where state <> 'resolved';
create index alert_acknowledged on alert (acknowledged_until) where state <> 'resolved' and acknowledged_until is not null;

alter table transition add column by text;
comment on column transition.by is 'the person who did it; null: the monitoring';

-- Alerts that are told together. next_at: when somebody may have to be told although no alert changes.
create table alert_group (
    key      text primary key,
    duty     text not null,
    rule     text not null,
    labels   jsonb not null,
    next_at  timestamptz
);
create index alert_group_due on alert_group (next_at) where next_at is not null;

-- What a receiver was last told of a group. Of a closed episode nothing is left but the row.
create table receiver_state (
    channel    text not null,
    receiver   text not null,
    group_key  text not null,
    open       boolean not null,
    severity   severity,
    progress   int not null default 0,
    alerts     bigint[] not null default '{}',
    -- tells whether what a channel shows is out of date
    face       text not null default '',
    person     text,
    told_at    timestamptz not null,
    -- what the channel calls the message that it shows, to edit it or to answer to it
    ref        jsonb not null default '{}',
    primary key (channel, receiver, group_key)
);
create index receiver_state_open on receiver_state (group_key) where open;

alter table message
    add column reason text not null default '',
    -- the message as part of which this one leaves, when a cap held several back
    add column bundle bigint,
    -- what the receiver knows once it has arrived: the columns of receiver_state
    add column tells jsonb;
create index message_group on message (group_key, created_at) where template = 'alert';
create index message_bundle on message (bundle) where bundle is not null;

-- Times in which matching alerts are told to nobody. A maintenance is one that was planned.
create table silence (
    id           bigint generated always as identity primary key,
    maintenance  boolean not null default false,
    matchers     jsonb not null check (matchers <> '{}'),
    starts_at    timestamptz not null,
    ends_at      timestamptz not null check (ends_at > starts_at),
    -- an RRULE: it then holds for `lasts` from each occurrence, in its zone, until ends_at
    recurrence   text,
    lasts        interval check ((lasts is null) = (recurrence is null)),
    zone         text not null default 'UTC',
    owner        text not null check (owner <> ''),
    reason       text not null check (reason <> ''),
    created_at   timestamptz not null,
    created_by   text not null,
    lifted_at    timestamptz,
    lifted_by    text
);
create index silence_ends on silence (ends_at) where lifted_at is null;

-- What people did, and who. Nothing is ever deleted or changed here.
create table action (
    id       bigint generated always as identity primary key,
    at       timestamptz not null,
    by       text not null check (by <> ''),
    what     text not null,
    subject  text not null,
    detail   jsonb not null default '{}'
);
create index action_at on action (at);

-- Whether an alert was right to fire, as people see it.
create table verdict_feedback (
    alert_id    bigint not null references alert,
    by          text not null,
    true_alarm  boolean not null,
    comment     text,
    at          timestamptz not null,
    primary key (alert_id, by)
);

-- How much a receiver may still get through a channel: a bucket of tokens that fills with time.
create table bucket (
    channel   text not null,
    receiver  text not null,
    tokens    double precision not null,
    at        timestamptz not null,
    primary key (channel, receiver)
);

-- Channels that failed of late. One that is open rests until probe_at; then one message tries.
create table breaker (
    channel    text primary key,
    failures   int not null,
    opened_at  timestamptz,
    probe_at   timestamptz,
    why        text not null
);

-- Somebody who waits for the next due moment wants to know when it may have changed.
create function ring() returns trigger language plpgsql as $$
begin
    perform pg_notify('monitoring_due', '');
    return null;
end $$;
create trigger message_rings after insert on message for each statement execute function ring();
create trigger alert_group_rings after insert or update of next_at on alert_group for each statement execute function ring();
