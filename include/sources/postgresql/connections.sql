-- How many sessions there are, of those that the server allows to all.
--
-- asked: every minute
-- database_connections_used in percent: of max_connections, less those reserved for superusers

with setting as (
    select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0) as allowed
), session as (
    select application_name from pg_stat_activity
    where coalesce(backend_type, 'client backend') = 'client backend' and usesysid is not null
)
select 100.0 * (select count(*) from session) / allowed as database_connections_used,
       (select 'most by ' || coalesce(nullif(application_name, ''), 'an application without a name') || ': ' || count(*)
        from session group by application_name order by count(*) desc limit 1) as note
from setting
