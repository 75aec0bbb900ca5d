"""The keys of a target, of what a list says of it: an address with labels, or the columns of a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from include.config.discover import Discover
from include.config.targets import KINDS
from include.discovery import Said
from include.scraping.hostile import seemly

# What opens an address that is a valid one.
USER = re.compile(r"//[^/@\s]*@")
HOST_PORT = re.compile(r"(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?")


def keys(entry: Discover, said: Said) -> dict[str, Any]:
    """A target's keys; what is set for the list holds, whatever it says itself."""
    found = of_address(entry, said.says["address"], said.says["labels"]) if entry.file else of_row(entry, said.says)
    shown: dict[str, Any] = {key: text(found[key]) for key in ("name", "environment") if key in found}
    usual = {"via": "node_exporter"} if entry.kind == "hosts" else {}
    labels = both(found.get("labels"), entry.set.get("labels"))
    return {**usual, **found, **shown, **entry.set, "labels": labelled(labels) if isinstance(labels, dict) else labels}


def of_row(entry: Discover, row: Mapping[str, Any]) -> dict[str, Any]:
    """A column is a key of the target if it has one of that name, else a label. What is NULL is not there."""
    there = {name: value for name, value in row.items() if value is not None}
    known = {name: there.pop(name) for name in KINDS[entry.kind].model_fields if name in there}
    return {**known, "labels": both(there, known.get("labels"))}


def of_address(entry: Discover, address: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """An address of a file with the labels of its group: those that say how it is reached, what it is called and where it belongs."""
    if not isinstance(address, str):
        return {"name": address}
    labels = labelled({name: value for name, value in given.items() if value not in (None, "")})
    meta = {name: labels.pop(name) for name in list(labels) if name.startswith("__")}
    instance = labels.get("instance", address)
    named = {
        "name": labels.pop("name" if "name" in labels else "instance", USER.sub("//…@", address)),
        **located(entry, address, instance, meta),
    }
    if where := labels.pop("environment" if "environment" in labels else "env", None):
        named["environment"] = where
    return {**named, "labels": labels}


def located(entry: Discover, address: str, instance: str, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Where a target of this kind is found."""
    if entry.kind in ("apis", "pages"):
        return {"url": url(address, meta, "")}
    if entry.kind == "hosts":
        return {"instance": instance} if entry.set.get("via") == "prometheus" else {"url": url(address, meta, "/metrics")}
    if entry.kind == "networks":
        return host_port(address)
    return {"connection": address}


def url(address: str, meta: Mapping[str, Any], path: str) -> str:
    """The address as a whole, by the labels that Prometheus goes by; one with a scheme is whole."""
    if "://" in address:
        return address
    path = str(meta.get("__metrics_path__", path)).lstrip("/")
    return f"{meta.get('__scheme__', 'http')}://{address}{path and '/' + path}"


def host_port(address: str) -> dict[str, Any]:
    """A host, and its port if one is named."""
    found = HOST_PORT.fullmatch(address)
    if not found:
        return {"address": address}
    return {"address": found[1] or found[2], **({"ports": [int(found[3])]} if found[3] else {})}


def labelled(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Labels as they can be shown; a value that is none stays as it is, and is refused."""
    return {seemly(str(name)): text(value) for name, value in given.items()}


def text(value: Any) -> Any:
    """A plain value as text, as YAML would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return seemly(str(value)) if isinstance(value, str | int | float) else value


def both(labels: Any, more: Any) -> Any:
    """Labels of two origins, of which the second holds; what are no labels stays as it is, and is refused."""
    given = [one for one in (labels, more) if one is not None]
    wrong = [one for one in given if not isinstance(one, dict)]
    return wrong[0] if wrong else {name: value for one in given for name, value in one.items()}
