"""What tests of tiers and stacks share."""

from __future__ import annotations

import pytest

from kupon.testing.builders import make_promotion


@pytest.fixture(autouse=True)
def _frozen(move_time):
    move_time.freeze("2026-03-01T12:00:00+00:00")


@pytest.fixture
def campaign(api):
    """A campaign of promotions without tiers."""
    return make_promotion(api, name="Promo")
