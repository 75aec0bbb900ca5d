-- name: standing
-- The silences and maintenance windows that may hold between two moments.
select * from silence where lifted_at is null and starts_at <= %(until)s and ends_at > %(now)s order by id

-- name: all
-- Every silence and maintenance window that has not ended, the next to end first.
select * from silence where lifted_at is null and ends_at > %(now)s order by ends_at, id

-- name: open_since
-- The alerts that were open at any time since a moment.
select * from alert where state <> 'resolved' or resolved_at >= %(since)s

-- name: maintenance
-- The maintenance windows that may hold between two moments; one that was lifted ended then.
select id, maintenance, matchers, starts_at, least(ends_at, lifted_at) as ends_at, recurrence, lasts, zone, owner, reason from silence
where maintenance and starts_at < %(until)s and least(ends_at, lifted_at) > %(since)s order by id

-- name: add
-- A new one; its id.
insert into silence (maintenance, matchers, starts_at, ends_at, recurrence, lasts, zone, owner, reason, created_at, created_by)
values (%(maintenance)s, %(matchers)s, %(starts_at)s, %(ends_at)s, %(recurrence)s, %(lasts)s, %(zone)s, %(owner)s, %(reason)s, %(now)s, %(by)s)
returning id

-- name: lift
-- End one before its time.
update silence set lifted_at = %(now)s, lifted_by = %(by)s where id = %(id)s and lifted_at is null and ends_at > %(now)s

-- name: forget
-- Delete silences and maintenances that ended before a moment.
delete from silence where ends_at < %(before)s
