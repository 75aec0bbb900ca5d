-- Reports are written in the zone of who reads them, and organisations may have any name: `acme/limited` is not `acme`, for its own people.
-- Whoever knew the same before has the same report.
alter table report add column zone text not null default 'UTC';
comment on column report.zone is 'in which its times are written, where they are those of its reader';
alter table report drop constraint report_duty_name_audience_run_id_told_from_key;
create unique index report_of_run on report (duty, name, audience, zone, run_id, told_from, coalesce(period_start, '-infinity'));
with renamed as (
    update report
    set audience = case when audience like '%/limited' then 'only ' || left(audience, -length('/limited')) else 'of ' || audience end
    where audience <> ''
    returning id, concat_ws('/', 'report', duty, name, audience) as group_key
)
update message m set group_key = r.group_key, key = r.group_key || substr(m.key, length(m.group_key) + 1)
from renamed r where m.report_id = r.id;
