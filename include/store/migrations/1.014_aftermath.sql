-- What has just ended is found without a look at all that ever ended.
create index alert_ended on alert (changed_at) where state = 'resolved';
