"""What Airflow loads by itself. The operators need no registration; pages and endpoints will be added here, lazily."""

from airflow.plugins_manager import AirflowPlugin


class SecureNetPlugin(AirflowPlugin):
    """Names the plugin, so that `airflow plugins` shows that it is there."""

    name = "securenet"
