"""Checks of what is pulled from the platform page by page (P1-P3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from kupon.hooks.adapter import Page
from kupon.hooks.commands import DeleteRecord, UpsertCustomer, UpsertOrder, UpsertProduct
from kupon.hooks.errors import RateLimited
from kupon.runtime import clock
from kupon.testing.contract.checks import INSTALLED_AT, Case, check, kinds

_MOST_PAGES = 100
_LONGEST_CURSOR = 4000
_DAY = timedelta(days=1)
_RECORDS = (UpsertCustomer, UpsertProduct, UpsertOrder)


@check("P1", "*.pull", each=kinds("pull"))
def every_page_is_walked(case: Case, resource: str) -> None:
    """All records come, none twice, whatever their number; the walk may be broken off anywhere."""
    size = case.playing.page_size
    wanted: set[str] = set()
    assert _walk(case, resource) == []
    for count in (1, size - 1, 1, size):
        wanted |= set(case.platform.put(resource, count, changed_at=INSTALLED_AT))
        found = _walk(case, resource)
        assert sorted(found) == sorted(wanted), f"of {len(wanted)} records, pages of {size}"


@check("P1b", "*.pull", each=kinds("pull"))
def a_page_can_be_asked_for_again(case: Case, resource: str) -> None:
    """A cursor names the same page whenever it is used, and is a short text."""
    case.platform.put(resource, 2 * case.playing.page_size + 1, changed_at=INSTALLED_AT)
    cursor: str | None = None
    for page in _pages(case, resource):
        assert _ids(case.make().pull(resource, cursor, None)) == _ids(page)
        cursor = page.cursor
        assert len(cursor or "") < _LONGEST_CURSOR


@check("P2", "*.pull", rule="incremental-pull", each=kinds("pull"))
def changes_alone_can_be_asked_for(case: Case, resource: str) -> None:
    """With a moment only later changes come, and deletions where the platform tells of them."""
    case.platform.put(resource, case.playing.page_size + 1, changed_at=INSTALLED_AT)
    since = INSTALLED_AT + _DAY
    newer = case.platform.put(resource, case.playing.page_size + 1, changed_at=since + _DAY)
    assert sorted(_walk(case, resource, since)) == sorted(newer)
    gone = newer[0]
    if case.platform.remove(resource, gone, at=since + _DAY):
        commands = [each for page in _pages(case, resource, since) for each in page.commands]
        deleted = [each.source_id for each in commands if isinstance(each, DeleteRecord)]
        assert gone in deleted


@check("P3", "*.pull", fixtures=["monkeypatch"], each=kinds("pull"))
def pulling_keeps_to_the_rate(case: Case, resource: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the rate is used up the work is given back at once, with the time to wait."""
    case.platform.put(resource, 1, changed_at=INSTALLED_AT)
    monkeypatch.setattr("time.sleep", _no_sleep)
    adapter = case.make(http=case.client(pace=UsedUp()))
    started = clock.monotonic_s()
    with pytest.raises(RateLimited) as error:
        adapter.pull(resource, None, None)
    assert error.value.retry_after_s == UsedUp.WAIT_S
    assert clock.monotonic_s() - started < UsedUp.WAIT_S
    assert case.playing.log == [], "the platform was called all the same"


class UsedUp:
    """A rate that is used up."""

    WAIT_S = 3.0

    def take(self, group: str) -> None:
        """Let no call through."""
        raise RateLimited("the connection's own rate is used up", self.WAIT_S)

    def hold(self, group: str, seconds: float) -> None:
        """Hold nothing."""


def _no_sleep(seconds: float) -> None:
    raise AssertionError(f"it sleeps for {seconds} s")


def _pages(case: Case, resource: str, since: object = None) -> Iterator[Page]:
    """Each page by an adapter of its own, as after a restart."""
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page: Page = case.make().pull(resource, cursor, since)
        yield page
        cursor = page.cursor
        if cursor is None:
            return
    pytest.fail(f"the pull of {resource} has no end")


def _walk(case: Case, resource: str, since: object = None) -> list[str]:
    return [id for page in _pages(case, resource, since) for id in _ids(page)]


def _ids(page: Page) -> list[str]:
    return [each.source_id for each in page.commands if isinstance(each, _RECORDS)]
