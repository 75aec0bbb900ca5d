-- name: take
-- Become the one who watches, unless somebody else is; the number that proves it. The store's clock counts, for all alike.
insert into lease as l (watcher, holder, fence, until, beaten_at)
values (%(watcher)s, %(holder)s, 1, clock_timestamp() + %(lasts)s, clock_timestamp())
on conflict (watcher) do update
set holder = excluded.holder, fence = l.fence + 1, until = excluded.until, beaten_at = excluded.beaten_at
where l.until < clock_timestamp() or l.holder = excluded.holder
returning fence

-- name: renew
-- Go on being the one; 0 rows for one who no longer is.
update lease set until = clock_timestamp() + %(lasts)s, beaten_at = clock_timestamp()
where watcher = %(watcher)s and fence = %(fence)s

-- name: hold
-- Still the one? Nobody else becomes it before this transaction ends.
select fence from lease where watcher = %(watcher)s and fence = %(fence)s for share

-- name: give_back
-- Let somebody else watch at once.
update lease set until = clock_timestamp() where watcher = %(watcher)s and fence = %(fence)s

-- name: beats
-- When each watcher was last heard of.
select watcher, holder, beaten_at from lease order by watcher

-- name: position
-- Where a watcher stands.
select position from cursor where watcher = %(watcher)s and name = %(name)s

-- name: move
-- Where a watcher stands from now on.
insert into cursor (watcher, name, position) values (%(watcher)s, %(name)s, %(position)s)
on conflict (watcher, name) do update set position = excluded.position
