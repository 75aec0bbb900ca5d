-- name: known_rows
-- How many rows a table has as far as the planner knows; -1 when it was never told.
select reltuples::bigint from pg_class where oid = to_regclass(%(name)s)
