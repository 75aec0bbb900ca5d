-- Reports are written in the zone of who reads them, and organisations may have any name: `acme/limited` is not `acme`, for its own people.
alter table report add column zone text not null default 'UTC';
comment on column report.zone is 'in which its times are written';
alter table report drop constraint report_duty_name_audience_run_id_told_from_key;
alter table report add constraint report_of_run unique (duty, name, audience, zone, run_id, told_from);
update report
set audience = case when audience like '%/limited' then 'only ' || left(audience, -length('/limited')) else 'of ' || audience end
where audience <> '';
