"""Lists of targets that are kept elsewhere: files that something else writes, and databases that know."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from include.config.section import Section, keys_at
from include.config.types import AbsolutePath, ConnectionId

A_FILE, A_QUERY = "{kind: apis, file: /etc/monitoring/apis.json}", "{kind: apis, connection: cmdb, query: 'select name, url from services'}"


class Discover(Section):
    """A list of further targets, which is looked at again at each measurement: a file or a query."""

    kind: Literal["databases", "hosts", "apis", "pages", "networks", "applications"]
    """What is listed: databases, hosts, apis, pages, networks or applications."""
    file: AbsolutePath | None = None
    """A file as Prometheus' file_sd takes it, JSON or YAML, or a pattern of such files ..."""
    connection: ConnectionId | None = None
    """... or the Airflow connection of a PostgreSQL database ..."""
    query: Annotated[str, Field(min_length=1)] | None = None
    """... and what it is asked: a row for each target, its columns are the target's keys; any other column is a label."""
    set: dict[str, Any] = {}
    """Keys that hold for all targets of the list, as in `{via: node_exporter, environment: dev}`."""

    @field_validator("set")
    @classmethod
    def nameless(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Many targets do not share a name."""
        if "name" in given:
            raise ValueError("name cannot be set here, as each target has its own; allowed: any other key of a target")
        return given

    @model_validator(mode="after")
    def one_way(self) -> Discover:
        """A file or a query."""
        if (bool(self.file), bool(self.connection), bool(self.query)) not in ((True, False, False), (False, True, True)):
            raise ValueError(f"a file, or a connection and a query, are needed, and not both; allowed: as in {A_FILE} or {A_QUERY}")
        return self

    @model_validator(mode="after")
    def elsewhere(self) -> Discover:
        """No host of a list is this machine; a file does not say where Prometheus is."""
        via = self.set.get("via")
        if self.kind == "hosts" and (via == "psutil" or (via == "prometheus" and self.file and "url" not in self.set)):
            allowed = "set: {via: node_exporter}, or {via: prometheus, url: 'http://prometheus:9090'}"
            raise ValueError(f"hosts of a list cannot be read via {via} like this; allowed: {allowed}")
        return self


def as_set(problem: ErrorDetails, place: tuple[str | int, ...], kind: type[Section]) -> InitErrorDetails:
    """What is wrong with a key of a target, at the place where it is set; `keys`: what would be known there."""
    loc = problem["loc"]
    known = keys_at(kind, loc[:-1] if problem["type"] == "extra_forbidden" else loc)
    context = {**problem.get("ctx", {}), "what": problem["msg"], "keys": sorted(known - {"name"})}
    error = PydanticCustomError(problem["type"], "{what}", context)
    return InitErrorDetails(type=error, loc=(*place, *loc), input=problem["input"])
