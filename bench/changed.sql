-- name: make
-- A table for the rows that changed, in the watched database beside those it is compared with.
create table changed as
select id, username, email, first_name, last_name, department, role, organization_id, account_expires_at from users limit 0

-- name: read
-- What the list says of the accounts that have newly expired.
copy (
    select id, username, email, first_name, last_name, department, role, organization_id, account_expires_at
    from users where account_expires_at = %(expired_at)s
) to stdout

-- name: load
-- The COPY of the rows that changed.
copy changed from stdin

-- name: clear
-- Ready for the next round.
truncate changed

-- name: census
-- How long the last count of all accounts took.
select census_seconds from account_system
