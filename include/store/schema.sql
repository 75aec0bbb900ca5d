CREATE SCHEMA monitoring;
CREATE TYPE monitoring.alert_priority AS ENUM (
    'low',
    'medium',
    'high',
    'critical'
);
CREATE TYPE monitoring.alert_state AS ENUM (
    'pending',
    'firing',
    'acknowledged',
    'resolved',
    'unknown'
);
CREATE TYPE monitoring.message_state AS ENUM (
    'pending',
    'sending',
    'sent',
    'failed',
    'held',
    'suppressed',
    'superseded',
    'uncertain',
    'not_configured',
    'no_receiver'
);
CREATE TYPE monitoring.severity AS ENUM (
    'info',
    'warning',
    'critical'
);
CREATE FUNCTION monitoring.account_counts(of_source text, of_organization text, at timestamp with time zone, kinds text[], steps text[], after timestamp with time zone[], until timestamp with time zone[]) RETURNS TABLE(organization text, kind text, step text, accounts bigint)
    LANGUAGE sql STABLE
    AS $$
with ladder as (
    select * from unnest(steps, after, until) as l (step, after, until)
), counted as materialized (
    select s.organization, s.kind, l.step, sum(s.items) as accounts,
           sum(s.items) filter (where s.expires_at <= at and s.expires_at + s.grace_days * interval '24 hours' < at) as past_grace
    from monitoring.account_snapshot s join ladder l on s.expires_at > l.after and s.expires_at <= l.until
    where s.source = of_source group by 1, 2, 3
), organization as materialized (
    select known.organization from (
        select p.organization from monitoring.account_population p where p.source = of_source
        union select distinct s.organization from monitoring.account_snapshot s where s.source = of_source
        union select distinct s.labels ->> 'organization' from monitoring.series s join monitoring.latest l on l.series_id = s.id
              where l.metric in ('accounts_expiring', 'accounts_past_grace') and l.value <> 0
        union select distinct a.labels ->> 'organization' from monitoring.alert a
              where a.rule = 'accounts_expiring' and a.state <> 'resolved') known
    where of_organization is null or known.organization = of_organization
), past as (
    select counted.organization, counted.kind, sum(past_grace) as accounts from counted group by 1, 2
)
select o.organization, k.kind, l.step, coalesce(c.accounts, 0)::bigint
from organization o cross join unnest(kinds) as k (kind) cross join ladder l
left join counted c on (c.organization, c.kind, c.step) = (o.organization, k.kind, l.step)
union all
select o.organization, k.kind, null, coalesce(p.accounts, 0)::bigint
from organization o cross join unnest(kinds) as k (kind)
left join past p on (p.organization, p.kind) = (o.organization, k.kind)
$$;
CREATE FUNCTION monitoring.ensure_partition(day date) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION monitoring.ring() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('monitoring_due', '');
    return null;
end $$;
CREATE TABLE monitoring.account_calendar (
    source text NOT NULL,
    organization text NOT NULL,
    kind text NOT NULL,
    day date NOT NULL,
    accounts bigint NOT NULL
);
CREATE TABLE monitoring.account_population (
    source text NOT NULL,
    organization text NOT NULL,
    accounts bigint NOT NULL
);
CREATE TABLE monitoring.account_snapshot (
    source text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    items integer NOT NULL,
    grace_days integer NOT NULL,
    username text NOT NULL,
    full_name text NOT NULL,
    email text NOT NULL,
    organization text NOT NULL,
    department text NOT NULL,
    role text NOT NULL,
    manager_name text NOT NULL,
    manager_email text NOT NULL,
    groups text NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    expires_on date GENERATED ALWAYS AS (((expires_at AT TIME ZONE 'UTC'::text))::date) STORED NOT NULL,
    CONSTRAINT account_snapshot_kind_check CHECK ((kind = ANY (ARRAY['account'::text, 'password'::text, 'contract'::text, 'membership'::text])))
);
CREATE TABLE monitoring.account_system (
    source text NOT NULL,
    identity text NOT NULL,
    collected_at timestamp with time zone,
    baseline_at timestamp with time zone,
    census_at timestamp with time zone,
    census_seconds double precision
);
CREATE TABLE monitoring.action (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    what text NOT NULL,
    subject text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT action_by_check CHECK ((by <> ''::text))
);
ALTER TABLE monitoring.action ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME monitoring.action_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE monitoring.alert (
    id bigint NOT NULL,
    fingerprint text NOT NULL,
    duty text NOT NULL,
    rule text NOT NULL,
    labels jsonb NOT NULL,
    severity monitoring.severity NOT NULL,
    state monitoring.alert_state NOT NULL,
    reason text NOT NULL,
    summary text NOT NULL,
    progress integer DEFAULT 0 NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    evaluated_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolution text,
    cause text,
    resolved_by text,
    priority monitoring.alert_priority DEFAULT 'low'::monitoring.alert_priority NOT NULL,
    group_key text,
    fired_at timestamp with time zone,
    breaches integer DEFAULT 1 NOT NULL,
    history integer DEFAULT 1 NOT NULL,
    flapping boolean DEFAULT false NOT NULL,
    acknowledged_by text,
    acknowledged_at timestamp with time zone,
    acknowledged_until timestamp with time zone,
    comment text,
    unattended_since timestamp with time zone,
    changed_at timestamp with time zone NOT NULL,
    quiet text,
    calls integer DEFAULT 1 NOT NULL,
    CONSTRAINT alert_check CHECK (((resolved_at IS NOT NULL) = (state = 'resolved'::monitoring.alert_state)))
)
WITH (fillfactor='80');
CREATE TABLE monitoring.alert_group (
    key text NOT NULL,
    duty text NOT NULL,
    rule text NOT NULL,
    labels jsonb NOT NULL,
    next_at timestamp with time zone
);
ALTER TABLE monitoring.alert ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME monitoring.alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE monitoring.breaker (
    channel text NOT NULL,
    failures integer NOT NULL,
    opened_at timestamp with time zone,
    probe_at timestamp with time zone,
    why text NOT NULL
);
COMMENT ON COLUMN monitoring.breaker.opened_at IS 'null for one that is not out of order: it failed less often, or asked for a pause until probe_at';
CREATE TABLE monitoring.bucket (
    channel text NOT NULL,
    receiver text NOT NULL,
    tokens double precision NOT NULL,
    at timestamp with time zone NOT NULL,
    granted boolean DEFAULT true NOT NULL
);
COMMENT ON COLUMN monitoring.bucket.channel IS 'the name of the cap: a channel, or reminders';
CREATE TABLE monitoring.configuration (
    digest text NOT NULL,
    text text NOT NULL,
    accepted_at timestamp with time zone NOT NULL
);
CREATE TABLE monitoring.cursor (
    watcher text NOT NULL,
    name text NOT NULL,
    "position" jsonb NOT NULL
);
CREATE TABLE monitoring.discovered (
    entry text NOT NULL,
    targets jsonb NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
COMMENT ON COLUMN monitoring.discovered.seen_at IS 'since when the list says this';
CREATE SEQUENCE monitoring.drainer
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
    CYCLE;
CREATE TABLE monitoring.expected (
    duty text NOT NULL,
    since timestamp with time zone NOT NULL
);
CREATE TABLE monitoring.hook_call (
    vendor text NOT NULL,
    id text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE monitoring.latest (
    series_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    value double precision NOT NULL,
    note text,
    metric text NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE monitoring.lease (
    watcher text NOT NULL,
    holder text NOT NULL,
    fence bigint NOT NULL,
    until timestamp with time zone NOT NULL,
    beaten_at timestamp with time zone NOT NULL
);
CREATE TABLE monitoring.message (
    id bigint NOT NULL,
    key text NOT NULL,
    duty text NOT NULL,
    channel text NOT NULL,
    receiver text NOT NULL,
    group_key text NOT NULL,
    priority smallint DEFAULT 1 NOT NULL,
    template text NOT NULL,
    subject text NOT NULL,
    content jsonb NOT NULL,
    state monitoring.message_state DEFAULT 'pending'::monitoring.message_state NOT NULL,
    alert_id bigint,
    report_id bigint,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    possible_repeat boolean DEFAULT false NOT NULL,
    accepted text[] DEFAULT '{}'::text[] NOT NULL,
    drainer integer,
    attempted_at timestamp with time zone,
    finished_at timestamp with time zone,
    error text,
    reason text DEFAULT ''::text NOT NULL,
    bundle bigint,
    tells jsonb,
    CONSTRAINT message_priority_check CHECK ((priority = ANY (ARRAY[0, 1, 2])))
);
COMMENT ON COLUMN monitoring.message.priority IS '0 critical, 1 normal, 2 bulk';
COMMENT ON COLUMN monitoring.message.drainer IS 'session advisory lock held by the process that sends it; a sending row without its lock was orphaned';
ALTER TABLE monitoring.message ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME monitoring.message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE monitoring.migration (
    major integer NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE monitoring.receiver_state (
    channel text NOT NULL,
    receiver text NOT NULL,
    group_key text NOT NULL,
    open boolean NOT NULL,
    face text DEFAULT ''::text NOT NULL,
    person text,
    told_at timestamp with time zone NOT NULL,
    ref jsonb DEFAULT '{}'::jsonb NOT NULL,
    marks jsonb DEFAULT '{}'::jsonb NOT NULL
);
CREATE TABLE monitoring.reminder (
    source text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL,
    expires_on date NOT NULL,
    step text NOT NULL,
    organization text NOT NULL,
    told text NOT NULL,
    message_id bigint,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT reminder_told_check CHECK ((told = ANY (ARRAY['baseline'::text, 'suppressed'::text, 'mailed'::text])))
);
CREATE TABLE monitoring.report (
    id bigint NOT NULL,
    duty text NOT NULL,
    name text NOT NULL,
    audience text DEFAULT ''::text NOT NULL,
    run_id text NOT NULL,
    period_start timestamp with time zone,
    period_end timestamp with time zone NOT NULL,
    reason text NOT NULL,
    title text NOT NULL,
    html text NOT NULL,
    plain text NOT NULL,
    csv text NOT NULL,
    told_until bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    told_from bigint NOT NULL,
    zone text DEFAULT 'UTC'::text NOT NULL
);
COMMENT ON COLUMN monitoring.report.zone IS 'in which its times are written, where they are those of its reader';
ALTER TABLE monitoring.report ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME monitoring.report_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE monitoring.run (
    id bigint NOT NULL,
    duty text NOT NULL,
    run_id text NOT NULL,
    stage text NOT NULL,
    attempt integer NOT NULL,
    run_after timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    error text,
    CONSTRAINT run_state_check CHECK ((state = ANY (ARRAY['complete'::text, 'sick'::text, 'failed'::text])))
);
ALTER TABLE monitoring.run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME monitoring.run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE monitoring.sample (
    series_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    value double precision NOT NULL,
    note text
)
PARTITION BY RANGE (at);
CREATE TABLE monitoring.sample_default (
    series_id bigint CONSTRAINT sample_series_id_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT sample_at_not_null NOT NULL,
    value double precision CONSTRAINT sample_value_not_null NOT NULL,
    note text
);
CREATE TABLE monitoring.series (
    id bigint NOT NULL,
    metric text NOT NULL,
    labels jsonb NOT NULL,
    unit text NOT NULL,
    digest uuid GENERATED ALWAYS AS ((md5((metric || (labels)::text)))::uuid) STORED NOT NULL
);
ALTER TABLE monitoring.series ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME monitoring.series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE monitoring.silence (
    id bigint NOT NULL,
    maintenance boolean DEFAULT false NOT NULL,
    matchers jsonb NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    recurrence text,
    lasts interval,
    zone text DEFAULT 'UTC'::text NOT NULL,
    owner text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    lifted_at timestamp with time zone,
    lifted_by text,
    CONSTRAINT silence_check CHECK ((ends_at > starts_at)),
    CONSTRAINT silence_check1 CHECK (((lasts IS NULL) = (recurrence IS NULL))),
    CONSTRAINT silence_matchers_check CHECK ((matchers <> '{}'::jsonb)),
    CONSTRAINT silence_owner_check CHECK ((owner <> ''::text)),
    CONSTRAINT silence_reason_check CHECK ((reason <> ''::text))
);
ALTER TABLE monitoring.silence ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME monitoring.silence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE monitoring.transition (
    id bigint NOT NULL,
    alert_id bigint NOT NULL,
    run_id text,
    at timestamp with time zone NOT NULL,
    state_before monitoring.alert_state,
    state_after monitoring.alert_state NOT NULL,
    reason text NOT NULL,
    severity monitoring.severity NOT NULL,
    summary text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    by text
);
COMMENT ON COLUMN monitoring.transition.by IS 'the person who did it; null: the monitoring';
ALTER TABLE monitoring.transition ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME monitoring.transition_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE monitoring.verdict_feedback (
    alert_id bigint NOT NULL,
    by text NOT NULL,
    true_alarm boolean NOT NULL,
    comment text,
    at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY monitoring.sample ATTACH PARTITION monitoring.sample_default DEFAULT;
ALTER TABLE ONLY monitoring.account_calendar
    ADD CONSTRAINT account_calendar_pkey PRIMARY KEY (source, organization, kind, day);
ALTER TABLE ONLY monitoring.account_population
    ADD CONSTRAINT account_population_pkey PRIMARY KEY (source, organization);
ALTER TABLE ONLY monitoring.account_snapshot
    ADD CONSTRAINT account_snapshot_pkey PRIMARY KEY (source, account, kind, expires_at);
ALTER TABLE ONLY monitoring.account_system
    ADD CONSTRAINT account_system_pkey PRIMARY KEY (source);
ALTER TABLE ONLY monitoring.action
    ADD CONSTRAINT action_pkey PRIMARY KEY (id);
ALTER TABLE ONLY monitoring.alert_group
    ADD CONSTRAINT alert_group_pkey PRIMARY KEY (key);
ALTER TABLE ONLY monitoring.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (id);
ALTER TABLE ONLY monitoring.breaker
    ADD CONSTRAINT breaker_pkey PRIMARY KEY (channel);
ALTER TABLE ONLY monitoring.bucket
    ADD CONSTRAINT bucket_pkey PRIMARY KEY (channel, receiver);
ALTER TABLE ONLY monitoring.configuration
    ADD CONSTRAINT configuration_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY monitoring.cursor
    ADD CONSTRAINT cursor_pkey PRIMARY KEY (watcher, name);
ALTER TABLE ONLY monitoring.discovered
    ADD CONSTRAINT discovered_pkey PRIMARY KEY (entry);
ALTER TABLE ONLY monitoring.expected
    ADD CONSTRAINT expected_pkey PRIMARY KEY (duty);
ALTER TABLE ONLY monitoring.hook_call
    ADD CONSTRAINT hook_call_pkey PRIMARY KEY (vendor, id);
ALTER TABLE ONLY monitoring.latest
    ADD CONSTRAINT latest_pkey PRIMARY KEY (series_id);
ALTER TABLE ONLY monitoring.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (watcher);
ALTER TABLE ONLY monitoring.message
    ADD CONSTRAINT message_key_key UNIQUE (key);
ALTER TABLE ONLY monitoring.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (id);
ALTER TABLE ONLY monitoring.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (major, number);
ALTER TABLE ONLY monitoring.receiver_state
    ADD CONSTRAINT receiver_state_pkey PRIMARY KEY (channel, receiver, group_key);
ALTER TABLE ONLY monitoring.reminder
    ADD CONSTRAINT reminder_pkey PRIMARY KEY (source, account, kind, expires_on, step);
ALTER TABLE ONLY monitoring.report
    ADD CONSTRAINT report_pkey PRIMARY KEY (id);
ALTER TABLE ONLY monitoring.run
    ADD CONSTRAINT run_duty_run_id_stage_attempt_key UNIQUE (duty, run_id, stage, attempt);
ALTER TABLE ONLY monitoring.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY monitoring.series
    ADD CONSTRAINT series_digest_key UNIQUE (digest);
ALTER TABLE ONLY monitoring.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (id);
ALTER TABLE ONLY monitoring.silence
    ADD CONSTRAINT silence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY monitoring.transition
    ADD CONSTRAINT transition_pkey PRIMARY KEY (id);
ALTER TABLE ONLY monitoring.verdict_feedback
    ADD CONSTRAINT verdict_feedback_pkey PRIMARY KEY (alert_id, by);
CREATE INDEX account_snapshot_kind ON monitoring.account_snapshot USING btree (source, organization, kind, expires_at);
CREATE INDEX action_at ON monitoring.action USING btree (at);
CREATE INDEX alert_acknowledged ON monitoring.alert USING btree (acknowledged_until) WHERE ((state <> 'resolved'::monitoring.alert_state) AND (acknowledged_until IS NOT NULL));
CREATE INDEX alert_duty ON monitoring.alert USING btree (duty, state);
CREATE INDEX alert_ended ON monitoring.alert USING btree (changed_at) WHERE (state = 'resolved'::monitoring.alert_state);
CREATE INDEX alert_fingerprint ON monitoring.alert USING btree (fingerprint);
CREATE INDEX alert_group_due ON monitoring.alert_group USING btree (next_at) WHERE (next_at IS NOT NULL);
CREATE INDEX alert_group_key ON monitoring.alert USING btree (group_key) WHERE (state <> 'resolved'::monitoring.alert_state);
CREATE UNIQUE INDEX alert_one_open ON monitoring.alert USING btree (fingerprint) WHERE (state <> 'resolved'::monitoring.alert_state);
CREATE INDEX alert_over ON monitoring.alert USING btree (resolved_at) WHERE (state = 'resolved'::monitoring.alert_state);
CREATE INDEX latest_metric ON monitoring.latest USING btree (metric);
CREATE INDEX message_alert ON monitoring.message USING btree (alert_id) WHERE (alert_id IS NOT NULL);
CREATE INDEX message_bundle ON monitoring.message USING btree (bundle) WHERE (bundle IS NOT NULL);
CREATE INDEX message_due ON monitoring.message USING btree (channel, priority, due_at, id) WHERE (state = ANY (ARRAY['pending'::monitoring.message_state, 'uncertain'::monitoring.message_state]));
CREATE INDEX message_group ON monitoring.message USING btree (group_key, created_at) WHERE (template = 'alert'::text);
CREATE INDEX message_queue ON monitoring.message USING btree (channel, receiver, group_key, id) WHERE (state = ANY (ARRAY['pending'::monitoring.message_state, 'sending'::monitoring.message_state, 'uncertain'::monitoring.message_state, 'held'::monitoring.message_state]));
CREATE INDEX message_recent ON monitoring.message USING btree (duty, created_at);
CREATE INDEX message_reminded ON monitoring.message USING btree (finished_at) WHERE ((template = 'reminder'::text) AND (finished_at IS NOT NULL));
CREATE INDEX message_report ON monitoring.message USING btree (report_id) WHERE (report_id IS NOT NULL);
CREATE INDEX message_sending ON monitoring.message USING btree (drainer) WHERE (state = 'sending'::monitoring.message_state);
CREATE INDEX message_told ON monitoring.message USING btree (receiver, report_id DESC) WHERE (report_id IS NOT NULL);
CREATE INDEX receiver_state_open ON monitoring.receiver_state USING btree (group_key) WHERE open;
CREATE INDEX reminder_message ON monitoring.reminder USING btree (message_id) WHERE (message_id IS NOT NULL);
CREATE UNIQUE INDEX report_of_run ON monitoring.report USING btree (duty, name, audience, zone, run_id, told_from, COALESCE(period_start, '-infinity'::timestamp with time zone));
CREATE INDEX run_recent ON monitoring.run USING btree (duty, started_at);
CREATE INDEX sample_series_at ON ONLY monitoring.sample USING btree (series_id, at);
CREATE INDEX sample_default_series_id_at_idx ON monitoring.sample_default USING btree (series_id, at);
CREATE INDEX series_metric ON monitoring.series USING btree (metric);
CREATE INDEX silence_ends ON monitoring.silence USING btree (ends_at) WHERE (lifted_at IS NULL);
CREATE INDEX transition_alert ON monitoring.transition USING btree (alert_id);
ALTER INDEX monitoring.sample_series_at ATTACH PARTITION monitoring.sample_default_series_id_at_idx;
CREATE TRIGGER alert_group_rings AFTER INSERT OR UPDATE OF next_at ON monitoring.alert_group FOR EACH STATEMENT EXECUTE FUNCTION monitoring.ring();
CREATE TRIGGER message_rings AFTER INSERT ON monitoring.message FOR EACH STATEMENT EXECUTE FUNCTION monitoring.ring();
ALTER TABLE ONLY monitoring.account_calendar
    ADD CONSTRAINT account_calendar_source_fkey FOREIGN KEY (source) REFERENCES monitoring.account_system(source);
ALTER TABLE ONLY monitoring.account_population
    ADD CONSTRAINT account_population_source_fkey FOREIGN KEY (source) REFERENCES monitoring.account_system(source);
ALTER TABLE ONLY monitoring.latest
    ADD CONSTRAINT latest_series_id_fkey FOREIGN KEY (series_id) REFERENCES monitoring.series(id);
ALTER TABLE ONLY monitoring.message
    ADD CONSTRAINT message_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES monitoring.alert(id);
ALTER TABLE ONLY monitoring.message
    ADD CONSTRAINT message_report_id_fkey FOREIGN KEY (report_id) REFERENCES monitoring.report(id);
ALTER TABLE ONLY monitoring.reminder
    ADD CONSTRAINT reminder_message_id_fkey FOREIGN KEY (message_id) REFERENCES monitoring.message(id) ON DELETE SET NULL;
ALTER TABLE ONLY monitoring.transition
    ADD CONSTRAINT transition_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES monitoring.alert(id);
ALTER TABLE ONLY monitoring.verdict_feedback
    ADD CONSTRAINT verdict_feedback_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES monitoring.alert(id);
