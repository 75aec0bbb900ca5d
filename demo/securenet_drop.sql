drop table
    security_findings, compliance_controls, audit_logs, user_group_memberships, user_groups, users, organizations;

drop type
    organizationstatus, plantype, userrole, grouptype, accesslevel, grouprole, compliancestandard, findingseverity;
