"""The application that Airflow's API server mounts at `/securenet`."""

from __future__ import annotations

from fastapi import FastAPI

from securenet.ui import hooks

PREFIX = "/securenet"


def make_app() -> FastAPI:
    """Every route but those of `hooks` asks who it is, for itself: Airflow asks nobody here. No documentation page: it would be open."""
    app = FastAPI(title="SecureNet Monitoring", openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(hooks.router)
    return app
