-- name: hold_pending
-- What waits to be sent to a receiver stays where it is until this transaction has said what comes after it.
select id from message
where channel = 'email' and receiver = %(receiver)s and group_key = %(group_key)s and state in ('pending', 'sending', 'uncertain')
order by id for update

-- name: last_told
-- The newest report of another run that a receiver has, may have, or refused for good. One that was given up they never saw.
select r.told_until, r.period_end
from message m join report r on r.id = m.report_id
where m.channel = 'email' and m.receiver = %(receiver)s
  and (m.state in ('sending', 'sent', 'uncertain') or m.state = 'superseded' and m.possible_repeat
       or m.state = 'failed' and (m.possible_repeat or coalesce(m.error, '') not like 'given up%%'))
  and r.duty = %(duty)s and r.name = %(name)s and r.audience = %(audience)s and r.run_id <> %(run_id)s
order by r.id desc limit 1

-- name: newest_told
-- Up to which transition the newest report of another run tells.
select told_until from report where duty = %(duty)s and name = %(name)s and run_id <> %(run_id)s order by id desc limit 1

-- name: of_run
-- The reports of a run, that for everything first.
select * from report where duty = %(duty)s and run_id = %(run_id)s order by audience, id

-- name: keep
-- Store a report. That of the same run and audience is replaced, unless somebody has it or may have it: it stays as it was sent.
with kept as (
    insert into report (duty, name, audience, zone, run_id, period_start, period_end, reason, title, html, plain, csv, told_from, told_until,
                        created_at)
    values (%(duty)s, %(name)s, %(audience)s, %(zone)s, %(run_id)s, %(period_start)s, %(period_end)s, %(reason)s, %(title)s, %(html)s,
            %(plain)s, %(csv)s, %(told_from)s, %(told_until)s, %(now)s)
    on conflict (duty, name, audience, zone, run_id, told_from, coalesce(period_start, '-infinity')) do update
    set title = excluded.title, html = excluded.html, plain = excluded.plain, csv = excluded.csv, reason = excluded.reason,
        period_end = excluded.period_end, told_until = excluded.told_until, created_at = excluded.created_at
    where not exists (select from message m where m.report_id = report.id and m.state in ('sending', 'sent', 'uncertain', 'failed'))
    returning id
)
select id from kept
union all
select id from report where (duty, name, audience, zone, run_id, told_from)
    = (%(duty)s, %(name)s, %(audience)s, %(zone)s, %(run_id)s, %(told_from)s)
  and period_start is not distinct from %(period_start)s and not exists (select from kept)

-- name: forget_pages
-- Delete pages (reports of these names, which are mailed to nobody) made before a moment, but for the two newest of each: the next one
-- begins where the last ended, also when the last is made again.
delete from report r
where name = any(%(pages)s) and created_at < %(before)s
  and (select count(*) from report n where (n.duty, n.name) = (r.duty, r.name) and n.id > r.id) > 1

-- name: forget
-- Delete the reports made before a moment whose messages are gone.
delete from report r
where created_at < %(before)s and name <> all(%(pages)s) and not exists (select from message m where m.report_id = r.id)
