"""Routes of plugins: which can't be mounted, and who is told so before anything is served."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kupon.features.plugins.routes import mount
from kupon.hooks.contributions import Contributions
from kupon.hooks.manager import BadPlugin
from kupon.hooks.types import Route


def tenants(*paths, surface="server"):
    routes = [
        ("zebra", Route(method="GET", path=path, answer=print, summary="Stripes", surface=surface))
        for path in paths
    ]
    return SimpleNamespace(contributions=Contributions(routes=routes))


@pytest.mark.parametrize(
    ("paths", "complaint"),
    [
        pytest.param(["/v1/<x"], "is no path", id="not closed"),
        pytest.param(["/v1/<stripes:x>"], "is no path", id="converter"),
        pytest.param(["/v1/<body>"], "can't have arguments named body", id="a name of ours"),
        pytest.param(["/v1/a", "/v1/a"], "can't be told from another", id="the same"),
        pytest.param(["/v1/<a>", "/v1/<b>"], "can't be told from another", id="same places"),
        pytest.param(["/v1/a-b", "/v1/a_b"], "can't be told from another", id="same operation"),
    ],
)
def test_a_path_that_can_not_be_served_is_named_with_its_plugin(paths, complaint):
    with pytest.raises(BadPlugin, match=f"plugin zebra: route /plugins/zebra/v1/.*{complaint}"):
        mount(tenants(*paths))


def test_the_project_is_named_once_in_a_path():
    with pytest.raises(BadPlugin, match=r"plugin zebra: route .* arguments named project_id"):
        mount(tenants("/v1/<project_id>", surface="management"))


def test_other_paths_are_mounted():
    assert mount(tenants("/v1/stripes", "/v1/stripes/<int:count>.json")).name == "plugin_routes"
