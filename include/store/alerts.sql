-- name: newest
-- The newest alert of each fingerprint, open or resolved, locked until the transaction ends. One that was judged in the future was judged
-- by a clock that has been set right meanwhile: what is found now is newer.
select id, fingerprint, duty, rule, labels, severity, priority, state, reason, summary, progress, opened_at, changed_at, group_key,
       case when evaluated_at > clock_timestamp() + interval '1 minute' then timestamptz 'epoch' else evaluated_at end as evaluated_at,
       fired_at, calls, breaches, history, flapping, acknowledged_by, acknowledged_until, unattended_since, resolution
from alert
where id in (select distinct on (fingerprint) id from alert where fingerprint = any(%(fingerprints)s)
             order by fingerprint, state = 'resolved', evaluated_at desc)
order by fingerprint for no key update

-- name: open_of_rule
-- The open alerts of one rule of a duty.
select * from alert where duty = %(duty)s and rule = %(rule)s and state <> 'resolved'

-- name: open_all
-- Every alert that people could be told of, the worst first, and of these the newest.
select * from alert where state not in ('resolved', 'pending')
order by severity desc, fired_at desc nulls last, id

-- name: causes
-- The alerts of some rules and targets that people could be told of, or that have ended since a moment; without rules, of any.
select * from alert
where (state not in ('resolved', 'pending') or (state = 'resolved' and changed_at > %(since)s and fired_at is not null))
  and (%(rules)s::text[] is null or rule = any(%(rules)s) or labels ->> 'target' = any(%(targets)s))

-- name: open_of_targets
-- The open alerts of some duties that are about a target.
select duty, rule, labels from alert where duty = any(%(duties)s) and state <> 'resolved' and labels ? 'target'

-- name: open_of_duty
-- The open alerts of a duty within a scope, worst first.
select * from alert
where duty = %(duty)s and state <> 'resolved'
  and (%(organization)s::text is null or coalesce(labels ->> 'organization', %(unlabelled)s) = %(organization)s)
order by severity desc, progress desc, opened_at, id

-- name: apply
-- Write transitions (a JSON array) to their alerts and to the ledger of transitions.
with change as (
    select * from jsonb_to_recordset(%(changes)s::jsonb) as c (
        fingerprint text, duty text, rule text, labels jsonb, as_of timestamptz, state_before alert_state, state_after alert_state,
        reason text, severity severity, priority alert_priority, group_key text, summary text, progress int, detail jsonb, resolution text,
        breaches int, history int, flapping boolean, grace float8)
), opened as (
    insert into alert (fingerprint, duty, rule, labels, severity, priority, group_key, state, reason, summary, progress, detail,
                       opened_at, evaluated_at, changed_at, fired_at, unattended_since, breaches, history, flapping)
    select fingerprint, duty, rule, labels, severity, priority, group_key, state_after, reason, summary, progress, detail,
           as_of, as_of, as_of, fired_at, fired_at, breaches, history, flapping
    from change cross join lateral (select case when state_after <> 'pending' then as_of + grace * interval '1 s' end as fired_at) f
    where state_before is null
    returning id, fingerprint
), moved as (
    update alert a
    set severity = c.severity, priority = c.priority, state = c.state_after, summary = c.summary, progress = c.progress, detail = c.detail,
        reason = c.reason, evaluated_at = c.as_of, changed_at = case when c.reason = 'unchanged' then a.changed_at else c.as_of end,
        breaches = c.breaches, history = c.history, flapping = c.flapping,
        calls = a.calls + (c.reason = 'worsened' and a.acknowledged_by is not null)::int,
        fired_at = case when c.state_after = 'resolved' and a.fired_at > c.as_of then null  -- over within its grace: nobody was told
                        when c.state_after in ('pending', 'resolved') then a.fired_at else coalesce(a.fired_at, c.as_of) end,
        unattended_since = case when c.state_after in ('pending', 'resolved') then a.unattended_since
                                when c.reason = 'worsened' and a.acknowledged_by is not null then c.as_of
                                else coalesce(a.unattended_since, c.as_of) end,
        acknowledged_by = case when c.reason <> 'worsened' then a.acknowledged_by end,
        acknowledged_at = case when c.reason <> 'worsened' then a.acknowledged_at end,
        acknowledged_until = case when c.reason <> 'worsened' then a.acknowledged_until end,
        comment = case when c.reason <> 'worsened' then a.comment end,
        resolved_at = case when c.state_after = 'resolved' then c.as_of end,
        resolution = c.resolution, resolved_by = case when c.state_after = 'resolved' then 'the monitoring' end
    from change c
    where a.fingerprint = c.fingerprint and a.state <> 'resolved' and c.state_before is not null
    returning a.id, a.fingerprint, a.group_key
), noted as (
    insert into transition (alert_id, run_id, at, state_before, state_after, reason, severity, summary, detail)
    select a.id, %(run_id)s, c.as_of, c.state_before, c.state_after, c.reason, c.severity, c.summary, c.detail
    from change c join (select id, fingerprint from opened union all select id, fingerprint from moved) a using (fingerprint)
    where c.reason <> 'unchanged'
)
select distinct coalesce(m.group_key, c.group_key) as key
from change c left join moved m using (fingerprint)
where c.reason not in ('unchanged', 'pending', 'lapsed')

-- name: carry_on
-- Alerts that stay as they are go on: judged at these moments, with these words and details. They are locked in the order in which all
-- others lock them.
with locked as materialized (
    select a.id, n.at, n.summary, n.detail
    from jsonb_to_recordset(%(found)s::jsonb) as n (id bigint, at timestamptz, summary text, detail jsonb) join alert a on a.id = n.id
    where a.state <> 'resolved' order by a.fingerprint for no key update of a
)
update alert a
set evaluated_at = n.at, summary = n.summary, detail = n.detail, breaches = a.breaches + 1, reason = 'unchanged'
from locked n where a.id = n.id

-- name: counts
-- Alerts by duty and state: the open ones, and those resolved since a moment that ever fired.
select duty, state, count(*) as alerts from alert
where state <> 'resolved' or (resolved_at >= %(since)s and fired_at is not null)
group by duty, state

-- name: news_since
-- The transitions of a duty within a scope, behind an id, newest last, each with its alert; of alerts that are over, since a moment.
select t.id, t.at, t.reason, t.state_before, t.state_after, t.severity, t.summary, t.detail,
       a.id as alert_id, a.rule, a.labels, a.opened_at, a.state as state_now, a.resolution
from transition t join alert a on a.id = t.alert_id
where a.duty = %(duty)s and t.id > %(behind)s and (t.at >= %(since)s or a.state <> 'resolved')
  and (%(organization)s::text is null or coalesce(a.labels ->> 'organization', %(unlabelled)s) = %(organization)s)
  and (t.reason in ('opened', 'worsened', 'recovered') or (t.reason = 'no_data' and t.state_before is null))
order by t.id

-- name: changes_since
-- All transitions of a duty behind an id, oldest first, each with its alert's labels.
select t.id, t.at, t.reason, t.severity, t.summary, a.labels
from transition t join alert a on a.id = t.alert_id
where a.duty = %(duty)s and t.id > %(behind)s order by t.id

-- name: of_run
-- The open alerts of a duty and those that a run resolved, worst first.
select * from alert a where duty = %(duty)s
  and (state <> 'resolved' or exists (select from transition t where t.alert_id = a.id and t.run_id = %(run_id)s))
order by severity desc, progress desc, opened_at, id

-- name: forget
-- Delete alerts that were over before a moment, with all that happened to them, once no message is about them.
with old as materialized (
    select id from alert a where state = 'resolved' and resolved_at < %(before)s and not exists (select from message m where m.alert_id = a.id)
), judged as (
    delete from verdict_feedback f using old where f.alert_id = old.id
), happened as (
    delete from transition t using old where t.alert_id = old.id
)
delete from alert a using old where a.id = old.id
