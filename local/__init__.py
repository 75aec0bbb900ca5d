"""The local stack behind `make up`: two PostgreSQL servers, a mail inbox and Airflow, as plain processes.

For demo, development and tests. Nothing here runs in production, and nothing that does imports it.
"""
