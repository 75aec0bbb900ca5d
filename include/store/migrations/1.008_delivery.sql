-- Delivery: each channel has a queue of its own, and nobody spends a token that is not there.

-- whether whoever asked last got a token
alter table bucket add column granted boolean not null default true;
comment on column bucket.channel is 'the name of the cap: a channel, or reminders';
comment on column breaker.opened_at is 'null for one that is not out of order: it failed less often, or asked for a pause until probe_at';

drop index message_due;
create index message_due on message (channel, priority, due_at, id) where state in ('pending', 'uncertain');
