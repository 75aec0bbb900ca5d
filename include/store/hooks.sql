-- name: group
-- A group by its key, and by nothing else: a vendor may call about what others told it of.
select key from alert_group where key = %(key)s

-- name: note
-- A vendor's call, by the vendor's own id; one that is known is not noted again.
insert into hook_call (vendor, id, at) values (%(vendor)s, left(%(id)s, 300), %(now)s) on conflict do nothing

-- name: forget
-- Delete the calls that came before a moment: by then they would be refused as too old.
delete from hook_call where at < %(before)s
