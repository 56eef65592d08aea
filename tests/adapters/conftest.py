"""A running Kupon for the stories of adapters, which kill its workers."""

from __future__ import annotations

import pytest
from tests.adapters.segment_platform import SegmentPlatform
from tests.adapters.test_segment import CONFIG as SEGMENT

from kupon.testing.carts import GOLDEN_CARTS, GoldenShop
from kupon.testing.live import run_live_server


@pytest.fixture(scope="session")
def own_server(tmp_path_factory):
    """A server of its own: what stories do to it is not for others to live with."""
    with run_live_server(tmp_path_factory.mktemp("stories")) as started:
        yield started


@pytest.fixture
def segment(project):
    """The platform that hears of redemptions."""
    with SegmentPlatform(SEGMENT) as running:
        body = {"adapter": "segment", "name": "Segment", "settings": running.settings}
        project.manage("POST", "/connections", json=body)
        yield running


@pytest.fixture
def golden(api, management_api, project):
    """Makes a golden cart in the project."""
    shop = GoldenShop(api, management_api, project.id)
    return lambda name: GOLDEN_CARTS[name].prepare(shop)
