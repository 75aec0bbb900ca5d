#!/bin/sh
# Runs once, when the volume is empty: Airflow's database and the store, each with an owner of its own.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v airflow="$AIRFLOW_DB_PASSWORD" -v monitoring="$MONITORING_DB_PASSWORD" <<'SQL'
CREATE ROLE airflow LOGIN PASSWORD :'airflow';
CREATE DATABASE airflow OWNER airflow;
CREATE ROLE monitoring LOGIN PASSWORD :'monitoring';
CREATE DATABASE monitoring OWNER monitoring;
\connect monitoring
CREATE EXTENSION pg_stat_statements;
SQL
