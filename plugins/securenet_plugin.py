"""What Airflow loads by itself. The operators need no registration; what is served in the UI is made when the API server asks for it."""

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class SecureNetPlugin(AirflowPlugin):
    """Names the plugin, so that `airflow plugins` shows that it is there."""

    name = "securenet"

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """Lazy: no other process pays for FastAPI."""
        from securenet.ui.app import PREFIX, make_app

        return [{"app": make_app(), "url_prefix": PREFIX, "name": "SecureNet Monitoring"}]
