-- name: known
-- What these lists said last.
select entry, targets, seen_at from discovered where entry = any(%(entries)s)

-- name: keep
-- Note what a list says, unless it said so before.
insert into discovered (entry, targets, seen_at) values (%(entry)s, %(targets)s::jsonb, clock_timestamp())
on conflict (entry) do update set targets = excluded.targets, seen_at = excluded.seen_at
where discovered.targets is distinct from excluded.targets
