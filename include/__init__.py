"""The domain: what is measured, judged, told and reported. Knows no Airflow."""
