-- What the other files draw with; parameter now.

-- Chance is the hash of a name: two builds are equal.
create function pg_temp.dice(name text, sides integer) returns integer immutable language sql
    as $$ select mod(('x' || substr(md5(name), 1, 7))::bit(28)::integer, sides) $$;

create function pg_temp.pick(name text, choices text[]) returns text immutable language sql
    as $$ select choices[1 + pg_temp.dice(name, cardinality(choices))] $$;

-- Whole hours read better in a mail; the truncated part is why the callers stay clear of a step by two hours.
create function pg_temp.in_hours(hours numeric) returns timestamptz stable language sql
    as $$ select date_trunc('hour', %(now)s::timestamptz + hours * interval '1 hour') $$;

create function pg_temp.in_days(days numeric) returns timestamptz stable language sql
    as $$ select pg_temp.in_hours(days * 24) $$;

create function pg_temp.id(kind text, name text) returns uuid immutable language sql
    as $$ select md5(kind || ' ' || name)::uuid $$;
