"""An application's own numbers from its page: what is taken, and what cannot be."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from include.failures import SourceError
from include.scraping.scrape import Page
from include.sources.application_page import ApplicationPage, metrics, selector
from tests.sources.seen import LABELS, names, note, read, value

PAGE = r"""
# TYPE app_active_users gauge
app_active_users{organization="north",note="a, \"b\" = {c}"} 3
app_active_users{organization="south"} 4
app_active_users{organization="none"} NaN
app_requests_total{status="200"} 100
app_requests_total{status="500"} 5
app_requests_total{status="503"} 2
app_requests_total{status="x} 1
app_queue_length{queue="mail"} -1
app_time_seconds_sum 2.5
other_total{broken 1
"""


def application(httpserver: HTTPServer, take: dict[str, str], page: str = PAGE) -> ApplicationPage:
    httpserver.expect_request("/metrics").respond_with_data(page)
    return ApplicationPage(LABELS, Page(httpserver.url_for("/metrics")), take)


@pytest.mark.parametrize(
    ("theirs", "total"),
    [
        ("app_active_users", 7),  # 3 + 4; what is no number is left out
        ('app_active_users{organization="north"}', 3),
        (r'app_active_users{note="a, \"b\" = {c}"}', 3),
        ('app_active_users{organization!="north"}', 4),
        ('app_active_users{note=""}', 4),  # as in PromQL, a label that is not there is empty
        ('app_requests_total{status=~"5.."}', 7),
        ('app_requests_total{status=~"5..", status!="503",}', 5),
        (r'app_requests_total{status!~"\\d0\\d"}', 0),  # none of that kind has been counted yet
        ('app_active_users{organization="east"}', None),  # what is no counter is not there
        (' app_requests_total { status = "200" } ', 100),
    ],
)
def test_the_series_that_a_selector_takes_are_summed_up(httpserver: HTTPServer, theirs: str, total: float | None) -> None:
    found = read(application(httpserver, {"ours": theirs, "always": "app_time_seconds_sum"}))
    assert {one.metric: one.value for one in found if one.metric == "ours"} == ({} if total is None else {"ours": total})
    assert value(found, "metrics_missing") == (1 if total is None else 0)


def test_a_line_that_stands_twice_counts_once(httpserver: HTTPServer) -> None:
    found = read(application(httpserver, {"requests": "app_total"}, 'app_total{a="b"} 5\napp_total{a="b"} 5\napp_total{a="c"} 5\n'))
    assert value(found, "requests") == 10


def test_what_is_not_there_is_named_and_so_is_what_cannot_be_read(httpserver: HTTPServer) -> None:
    found = read(application(httpserver, {"requests": "app_requests_total", "gone": "app_gone", "queue": "app_queue_length"}))
    assert names(found) == {"requests", "queue", "metric_unanswered", "metrics_missing", "lines_refused"}
    assert value(found, "queue") == -1, "what is no counter may be negative"
    assert (value(found, "metrics_missing"), note(found, "metrics_missing")) == (1, "gone")
    assert note(found, "lines_refused") == 'the first: app_requests_total{status="x} 1'


def test_a_page_without_any_of_it_is_a_target_that_does_not_answer(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match="nothing of what is taken is on its page, as app_gone"):
        read(application(httpserver, {"gone": "app_gone"}))


def test_requests_and_those_that_failed_have_a_rate_and_a_share() -> None:
    found = metrics({"requests": "http_requests_total", "requests_failed": 'http_requests_total{code=~"5.."}', "alone_failed": "x_total"})
    share = found["requests_error_rate"]
    assert (share.unit, share.rate_of, share.per, share.scale) == ("percent", "requests_failed", "requests", 100)
    assert found.keys() - {"requests_error_rate"} == {
        f"{name}{end}" for name in ("requests", "requests_failed", "alone_failed") for end in ("", "_rate")
    }


def test_a_counter_has_a_rate_and_each_metric_a_unit() -> None:
    take = {"users": "app_active_users", "calls": "app_requests_total", "busy": "app_time_seconds_sum", "sent": "app_sent_bytes_total"}
    found = metrics(take)
    assert {name: (metric.unit, metric.rate_of) for name, metric in found.items()} == {
        "users": ("count", None),
        "calls": ("count", None),
        "calls_rate": ("1/s", "calls"),
        "busy": ("s", None),
        "busy_rate": ("ratio", "busy"),
        "sent": ("bytes", None),
        "sent_rate": ("bytes/s", "sent"),
    }


@pytest.mark.parametrize(
    ("take", "why"),
    [
        ({"Users": "app_users"}, "'Users' is no name for a metric"),
        ({"users": "app users"}, "'app users' selects no metric"),
        ({"users": "app_users{a=b}"}, "'a=b' is no condition"),
        ({"users": 'app_users{a="b" c="d"}'}, "is no condition"),
        ({"users": 'app_users{a=~"("}'}, "is no pattern: missing \\)"),
        ({f"m{number}": "app_users" for number in range(51)}, "51 metrics are too many; allowed: up to 50"),
    ],
    ids=["name", "metric", "quotes", "comma", "pattern", "number"],
)
def test_what_cannot_be_taken_is_refused_by_name(take: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        metrics(take)
    gauge = ApplicationPage(LABELS, Page("http://127.0.0.1:9/"), take)
    assert gauge.metrics == {}
    with pytest.raises(SourceError, match=why):
        read(gauge)


def test_a_selector_is_read_in_time_that_grows_with_its_length() -> None:
    with pytest.raises(ValueError, match="is no condition"):
        selector("a{" + 'b="c",' * 2000 + "x}")
