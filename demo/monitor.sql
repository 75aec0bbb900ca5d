-- The account that the monitoring reads with: it selects, and of users only what it may know.
-- A table-wide grant would include password_hash, mfa_secret and current_session_id, hence the columns by name.

do $$
begin
    if not exists (select from pg_roles where rolname = 'monitor') then
        create role monitor login;
    end if;
end
$$;

alter role monitor set default_transaction_read_only = on;

-- What all sessions do, how replicas follow, how large everything is; where the one who builds the demo may give that away.
do $$ begin
    grant pg_monitor to monitor;
exception when insufficient_privilege then
    raise notice 'monitor sees its own sessions only: pg_monitor was not granted';
end $$;

grant select on organizations, user_groups, user_group_memberships, audit_logs, compliance_controls, security_findings
    to monitor;

grant select (
    id, organization_id, username, email, first_name, last_name, title, department, phone, role, permissions,
    is_active, is_verified, mfa_enabled, last_login, login_count, failed_login_attempts, lockout_until,
    session_expires_at, last_password_change, requires_password_change, created_at, updated_at, created_by,
    updated_by, version, account_expires_at, password_expires_at, contract_duration_months, account_type,
    renewal_required, auto_extend_enabled, manager_user_id, contract_start_date, contract_end_date,
    expiration_notification_sent, grace_period_days, account_status
) on users to monitor;
