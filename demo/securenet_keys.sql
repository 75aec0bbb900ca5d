-- SecureNet's keys and indexes, and no others: users.organization_id has none there.
-- Apart from the tables, so that a bulk load builds each index once, at its end.

alter table organizations add primary key (id);
alter table users
    add primary key (id),
    add unique (username),
    add unique (email),
    add foreign key (organization_id) references organizations,
    add foreign key (manager_user_id) references users;
alter table user_groups
    add primary key (id),
    add unique (organization_id, name),
    add foreign key (organization_id) references organizations;
alter table user_group_memberships
    add primary key (id),
    add unique (user_id, group_id),
    add foreign key (user_id) references users,
    add foreign key (group_id) references user_groups;
alter table audit_logs
    add primary key (id),
    add foreign key (organization_id) references organizations;
alter table compliance_controls
    add primary key (id),
    add foreign key (organization_id) references organizations,
    add foreign key (owner) references users;
alter table security_findings
    add primary key (id),
    add foreign key (organization_id) references organizations;

create index on users (account_expires_at);
create index on users (password_expires_at);
create index on users (contract_end_date);
create index on users (account_status);
create index on user_group_memberships (expires_at);
create index on audit_logs ("timestamp");
