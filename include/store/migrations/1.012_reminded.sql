-- What became of the reminders of a period is asked at every report.
create index message_reminded on message (finished_at) where template = 'reminder' and finished_at is not null;
update message set finished_at = created_at where template = 'reminder' and state = 'no_receiver' and finished_at is null;
