"""Checks of what an adapter installs on the platform (O1), and of erasure (E1)."""

from __future__ import annotations

from kupon.hooks.adapter import Pending
from kupon.testing.contract.checks import Case, check
from kupon.testing.items import make_customer_body


@check("O1", "account.provision")
def installing_may_be_repeated(case: Case) -> None:
    """Installing twice is as good as once; removing takes away no more than that."""
    others = dict(case.platform.installed())
    state = case.make().provision()
    once = dict(case.platform.installed())
    assert once != others, "nothing was installed"
    again = case.make(state=state).provision()
    assert dict(case.platform.installed()) == once
    # An answer may have been lost: then nothing is known of what is there.
    case.make().provision()
    assert dict(case.platform.installed()) == once
    case.make(state=again).deprovision()
    left = dict(case.platform.installed())
    assert left.items() >= others.items(), "something of others was removed"
    case.make(state=again).deprovision()
    assert dict(case.platform.installed()) == left
    case.make().provision()
    assert dict(case.platform.installed()).keys() == once.keys(), "it can't be installed again"


@check("E1", "profiles.erase")
def erasure_says_what_was_done(case: Case) -> None:
    """The operator is told, also of somebody whom the platform can't know."""
    told = case.make().erase(make_customer_body(1))
    assert told
    if isinstance(told, Pending):
        assert told.ref
        assert told.note
        assert case.make().erase_status(told.ref) != "", "the end of an erasure is told"
    assert case.make().erase(make_customer_body(1))
    before = len(case.playing.calls())
    nobody = {"id": "cust_9", "source_id": None, "object": "customer"}
    assert case.make().erase(nobody)
    called = case.playing.calls()[before:]
    assert not any(b'"None"' in each.body for each in called), "it erased somebody called None"
