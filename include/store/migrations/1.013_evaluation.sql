-- The newest values of a metric are found, and those beyond a limit among them, without a look at the labels of each.
alter table latest add column metric text;
update latest set metric = s.metric from series s where s.id = latest.series_id;
alter table latest alter column metric set not null;
create index latest_metric on latest (metric);

-- An alert that stands is written at each evaluation: in place, as no index names when that was.
drop index alert_fingerprint;
create index alert_fingerprint on alert (fingerprint);
alter table alert set (fillfactor = 80);
