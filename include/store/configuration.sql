-- name: newest
-- The configuration that was accepted last.
select digest, text, accepted_at from configuration order by accepted_at desc limit 1

-- name: accept
-- Note an accepted configuration, unless it is the one in force.
insert into configuration (digest, text, accepted_at)
select %(digest)s, %(text)s, clock_timestamp()
where %(digest)s is distinct from (select digest from configuration order by accepted_at desc limit 1)
on conflict (digest) do update set accepted_at = excluded.accepted_at
