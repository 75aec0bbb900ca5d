-- Old alerts are found and deleted without reading all of them, and all messages.
create index alert_over on alert (resolved_at) where state = 'resolved';
create index message_alert on message (alert_id) where alert_id is not null;
