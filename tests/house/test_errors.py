"""The error catalogue and the code know the same keys."""

from __future__ import annotations

import ast

from tests.house import sources

from kupon.kit.error_catalogue import CATALOGUE

CATALOGUE_FILE = "kupon/kit/error_catalogue.py"
RAISERS = {"KuponError", "Refusal", "refuse"}

# Keys of the reference for what Kupon cannot do yet; whoever uses one takes it from here.
RESERVED = {
    "ambiguous_tracking_id",
    "duplicate_key",
    "duplicate_resource_key",
    "invalid_campaign_params",
    "invalid_export_params",
    "invalid_gift",
    "invalid_or_expired_cursor",
    "invalid_product",
    "invalid_rollback_params",
}


def _used() -> set[str]:
    return {
        text
        for name, tree in sources.modules().items()
        if name != CATALOGUE_FILE
        for text in sources.texts(tree)
    }


def test_every_key_that_is_raised_is_in_the_catalogue():
    raised = {
        call.args[0].value
        for tree in sources.modules().values()
        for name, call in sources.calls(tree)
        if name in RAISERS and call.args and isinstance(call.args[0], ast.Constant)
    }
    assert raised - CATALOGUE.keys() == set()


def test_every_key_of_the_catalogue_is_used_or_reserved():
    assert CATALOGUE.keys() - _used() == RESERVED


def test_the_catalogue_is_sorted():
    assert list(CATALOGUE) == sorted(CATALOGUE)
