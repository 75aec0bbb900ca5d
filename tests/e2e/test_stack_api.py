"""An HTTP address that fails and comes back, watched by a real triggerer; what is said of it arrives in a real inbox."""

from __future__ import annotations

from tests.e2e.conftest import Stack, wait
from tests.e2e.shop import Shop
from tests.e2e.test_stack_escalation import frozen


def told(stack: Stack, behind: int) -> str:
    """The next mail about the shop after so many."""
    found: list[str] = wait(lambda: len(mails(stack)) > behind and mails(stack))
    return found[behind]


def mails(stack: Stack) -> list[str]:
    """The subjects of the mails about the shop, in order."""
    return [mail["subject"] for mail in stack.mails() if "API shop" in mail["subject"] or "failed: shop" in mail["subject"]]


def goes_up_and_down(stack: Stack, shop: Shop) -> None:
    """It fails, and that is told; it is mended, and that is told."""
    before = len(mails(stack))
    shop.status = 503
    assert told(stack, before).startswith("🚨 CRITICAL: API failed: shop: ")
    shop.status = 200
    assert told(stack, before + 1) == "✅ SUCCESS: API shop answers again"


def test_an_address_that_fails_is_told_by_its_reason_and_so_is_its_return(stack: Stack, shop: Shop) -> None:
    wait(lambda: stack.query(SAMPLED))
    goes_up_and_down(stack, shop)


def test_while_the_scheduler_hangs_an_address_that_fails_is_told_all_the_same(stack: Stack, shop: Shop) -> None:
    with frozen(stack, "scheduler"):
        goes_up_and_down(stack, shop)


def test_every_minute_counters_are_sampled_and_rates_and_budgets_follow(stack: Stack, shop: Shop) -> None:
    assert wait(lambda: {row["metric"] for row in stack.query(DERIVED)} == {"cpu_usage", "api_watched_seconds_total"})


SAMPLED = """select from monitoring.latest l join monitoring.series s on s.id = l.series_id
where s.metric = 'api_up' and s.labels ->> 'target' = 'shop' and l.value = 1"""
DERIVED = """select distinct s.metric from monitoring.latest l join monitoring.series s on s.id = l.series_id
where s.metric in ('cpu_usage', 'api_watched_seconds_total')"""
