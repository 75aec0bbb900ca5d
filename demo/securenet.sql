-- SecureNet's own tables, as its models and migrations create them. Keys and indexes: securenet_keys.sql.

create type organizationstatus as enum ('ACTIVE', 'SUSPENDED', 'DEACTIVATED');
create type plantype as enum ('FREE', 'PRO', 'ENTERPRISE', 'GOV_CLOUD');
create type userrole as enum ('PLATFORM_FOUNDER', 'PLATFORM_OWNER', 'SECURITY_ADMIN', 'SOC_ANALYST');
create type grouptype as enum ('system', 'department', 'project', 'custom', 'customer');
create type accesslevel as enum ('platform_admin', 'security_ops', 'it_ops', 'business', 'external');
create type grouprole as enum ('admin', 'manager', 'member', 'viewer');
create type compliancestandard as enum ('SOC2', 'ISO27001', 'NIST', 'HIPAA', 'GDPR');
create type findingseverity as enum ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL');

create table organizations (
    id uuid not null,
    name text not null,
    slug text not null,
    status organizationstatus not null,
    plan_type plantype not null,
    user_limit integer not null,
    retention_days integer not null,
    compliance_frameworks jsonb,
    primary_contact_email text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table users (
    id uuid not null,
    organization_id uuid not null,
    username text not null,
    email text not null,
    password_hash text,
    first_name text,
    last_name text,
    title text,
    department text,
    phone text,
    role userrole not null,
    permissions jsonb,
    is_active boolean not null,
    is_verified boolean not null,
    mfa_enabled boolean not null,
    mfa_secret text,
    last_login timestamptz,
    login_count integer not null,
    failed_login_attempts integer not null,
    lockout_until timestamptz,
    current_session_id text,
    session_expires_at timestamptz,
    last_password_change timestamptz,
    requires_password_change boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    created_by uuid,
    updated_by uuid,
    version integer not null,
    account_expires_at timestamptz,
    password_expires_at timestamptz,
    contract_duration_months integer,
    account_type varchar,
    renewal_required boolean,
    auto_extend_enabled boolean,
    manager_user_id uuid,
    contract_start_date timestamptz,
    contract_end_date timestamptz,
    expiration_notification_sent boolean,
    grace_period_days integer default 7,
    account_status varchar default 'active'
);

create table user_groups (
    id uuid not null,
    organization_id uuid not null,
    name text not null,
    description text,
    group_type grouptype not null,
    permissions jsonb,
    access_level accesslevel not null,
    parent_group_id uuid,
    group_path text,
    level integer not null,
    is_active boolean not null,
    is_system_group boolean not null,
    max_members integer,
    created_at timestamptz,
    updated_at timestamptz,
    created_by uuid,
    updated_by uuid
);

create table user_group_memberships (
    id uuid not null,
    user_id uuid not null,
    group_id uuid not null,
    role_in_group grouprole not null,
    is_primary_group boolean not null,
    is_active boolean not null,
    joined_at timestamptz,
    expires_at timestamptz,
    last_activity timestamptz,
    permission_overrides jsonb,
    access_restrictions jsonb,
    added_by uuid,
    updated_by uuid,
    created_at timestamptz,
    updated_at timestamptz
);

create table audit_logs (
    id uuid not null,
    organization_id uuid not null,
    user_id uuid,
    event_type text not null,
    resource_type text,
    resource_id text,
    action text not null,
    ip_address inet,
    user_agent text,
    session_id text,
    success boolean not null,
    error_message text,
    details jsonb,
    changes jsonb,
    retention_date timestamptz not null,
    "timestamp" timestamptz not null
);

create table compliance_controls (
    id uuid not null,
    organization_id uuid not null,
    framework compliancestandard not null,
    control_id text not null,
    control_name text not null,
    implementation_status text not null,
    effectiveness text not null,
    last_tested timestamptz,
    next_test_date timestamptz,
    test_frequency text not null,
    owner uuid
);

create table security_findings (
    id uuid not null,
    organization_id uuid not null,
    finding_type text not null,
    severity findingseverity not null,
    title text not null,
    risk_score integer not null,
    status text not null default 'open',
    discovered_at timestamptz,
    resolved_at timestamptz,
    affected_service text
);
