-- name: rows
-- What a user's query gives, each row as JSON, up to a number of them.
select to_jsonb(listed_target)::text as said from (
{sql}
) as listed_target limit {most}
