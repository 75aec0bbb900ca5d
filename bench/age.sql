-- The accounts that the generator put into the coming hour (0.1 %% of all users) pass their end.
update users
set account_expires_at = %(now)s::timestamptz - interval '30 minutes'
where account_expires_at > %(now)s::timestamptz and account_expires_at <= %(now)s::timestamptz + interval '1 hour'
