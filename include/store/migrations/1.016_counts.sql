-- An organisation of which an alert is open is counted also when nothing else tells of it any more: its alert has to end. And the planner
-- knows how few organisations are beside their accounts.

create or replace function account_counts(of_source text, of_organization text, at timestamptz, kinds text[], steps text[], after timestamptz[], until timestamptz[])
returns table (organization text, kind text, step text, accounts bigint) language sql stable as $$
-- Per organisation and kind: how many on each step of the ladder, and (step null) past their grace; zero where there are none.
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
