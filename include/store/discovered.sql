-- name: known
-- What these lists said last.
select entry, targets, seen_at from discovered where entry = any(%(entries)s)

-- name: keep
-- Note what a list says, unless it said so before: then nothing is locked, and nobody waits for whoever reads the same list.
insert into discovered (entry, targets, seen_at)
select %(entry)s, %(targets)s::jsonb, clock_timestamp()
where not exists (select from discovered where entry = %(entry)s and targets = %(targets)s::jsonb)
on conflict (entry) do update set targets = excluded.targets, seen_at = excluded.seen_at

-- name: forget
-- Delete what lists said that are no longer read.
delete from discovered where seen_at < %(before)s and not entry = any(%(entries)s)
