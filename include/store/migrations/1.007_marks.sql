-- What a receiver knows of each alert, so that one alert which gets worse is heard of beside others that are as bad.

-- how often an alert called for somebody: when it opened, and each time it got worse while somebody looked after it
alter table alert add column calls int not null default 1;

-- {alert: [calls, rank of severity, progress]} as last told
alter table receiver_state add column marks jsonb not null default '{}';
update receiver_state s
set marks = coalesce((select jsonb_object_agg(a.id, jsonb_build_array(a.calls, array_position(enum_range(null::severity), s.severity), s.progress))
                      from alert a where a.id = any(s.alerts)), '{}')
where open;
update message m
set tells = tells - 'severity' - 'progress' - 'alerts' || jsonb_build_object('marks', coalesce(
    (select jsonb_object_agg(a.id, jsonb_build_array(a.calls, array_position(enum_range(null::severity), (tells ->> 'severity')::severity),
                                                     tells -> 'progress'))
     from alert a where tells -> 'alerts' @> to_jsonb(a.id)), '{}'))
where tells is not null and state in ('pending', 'held', 'sending', 'uncertain');
alter table receiver_state drop column severity, drop column progress, drop column alerts;
