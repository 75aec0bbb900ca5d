-- name: last_told
-- The newest report of an audience, of another run, that was told or never can be.
select r.told_until, r.period_end from report r
where r.duty = %(duty)s and r.name = %(name)s and r.organization = %(organization)s and r.run_id <> %(run_id)s
  and not exists (select from message m where m.report_id = r.id and m.state in ('pending', 'sending', 'held', 'superseded'))
order by r.id desc limit 1

-- name: of_run
-- The reports of a run, that for everybody first.
select * from report where duty = %(duty)s and run_id = %(run_id)s order by organization

-- name: keep
-- Store a report; that of the same run and audience is replaced, but still tells up to where it did.
insert into report (duty, name, organization, run_id, period_start, period_end, reason, title, html, plain, csv, told_until, created_at)
values (%(duty)s, %(name)s, %(organization)s, %(run_id)s, %(period_start)s, %(period_end)s, %(reason)s, %(title)s, %(html)s, %(plain)s,
        %(csv)s, %(told_until)s, %(now)s)
on conflict (duty, name, organization, run_id) do update
set title = excluded.title, html = excluded.html, plain = excluded.plain, csv = excluded.csv, created_at = excluded.created_at
returning id

-- name: forget
-- Delete the reports made before a moment whose messages are gone.
delete from report r where created_at < %(before)s and not exists (select from message m where m.report_id = r.id)
