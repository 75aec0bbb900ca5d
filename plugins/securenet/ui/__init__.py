"""What is served inside the Airflow UI: the webhooks of vendors."""
