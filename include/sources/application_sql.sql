-- name: values
-- What a user's query gives, up to a number of rows.
select * from (
{sql}
) as numbers limit {most}
