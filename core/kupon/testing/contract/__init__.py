"""The contract of adapters: the same checks for all, by what their manifests declare.

    class TestAcme(AdapterContract):
        adapter = AcmeAdapter
        platform = AcmePlatform
        config = {"url": "{platform}", "secret": "canary-acme-secret"}

That is a whole test file. The checks can't be left out: they are attached by the capabilities, and
skipped only where the manifest exempts the adapter and says why. docs/adapters.md lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from kupon.hooks.adapter import Adapter
from kupon.testing.contract import (  # noqa: F401 - these bring the checks
    calling,
    hosting,
    living,
    mapping,
    paper,
    pricing,
    pulling,
    pushing,
    receiving,
)
from kupon.testing.contract.checks import CHECKS, Case, Check
from kupon.testing.platform import FakePlatform
from kupon.testing.roles import roles_of

if TYPE_CHECKING:
    from kupon.hooks.manifest import Manifest


_EXEMPT = "exempt: "


def exemption_of(report: pytest.TestReport) -> str | None:
    """Why a test was skipped, if that was by an adapter's manifest."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    _, mark, why = reason.partition(_EXEMPT)
    return why if mark else None


class AdapterContract:
    """Inherit from it to test an adapter.

    Shapes: config are settings with which every capability works; secrets in it are unlike anything
        else (eight characters or more), `{platform}` becomes the platform's address. platform is
        a FakePlatform with the roles that the capabilities need (kupon.testing.roles).
    """

    adapter: ClassVar[type[Adapter]]
    platform: ClassVar[type[FakePlatform]]
    config: ClassVar[Mapping[str, Any]]

    def __init_subclass__(cls, **options: Any) -> None:
        """Attach the checks."""
        super().__init_subclass__(**options)
        manifest = cls.adapter.manifest()
        _require_roles(cls.platform, manifest)
        for check in CHECKS:
            if check.applies(manifest) and (check.each is None or check.each(cls.adapter)):
                setattr(cls, f"test_{check.id.lower()}_{check.title}", _test_of(check, cls.adapter))

    @pytest.fixture
    def case(self) -> Iterator[Case]:
        """The adapter and its platform, running."""
        with self.platform(self.config) as platform:
            yield Case(self.adapter, platform)


def _require_roles(platform: type[FakePlatform], manifest: Manifest) -> None:
    for role in roles_of(manifest):
        missing = [
            name for name, member in vars(role).items()
            if not name.startswith("_") and callable(member) and not hasattr(platform, name)
        ]  # fmt: skip
        if missing:
            raise TypeError(f"{platform.__name__} is no {role.__name__}: {', '.join(missing)}")


def _test_of(check: Check, adapter: type[Adapter]) -> Callable[..., None]:
    """A check as a test's method."""
    manifest = adapter.manifest()
    if check.each is not None:
        return _tests_of_variants(check, adapter)

    def test(self: AdapterContract, case: Case, request: pytest.FixtureRequest) -> None:
        check.run(case, *(request.getfixturevalue(name) for name in check.fixtures))

    test.__doc__ = check.run.__doc__
    why = check.exemption(manifest)
    return test if why is None else _exempt(test, why)


def _tests_of_variants(check: Check, adapter: type[Adapter]) -> Callable[..., None]:
    assert check.each is not None

    def test(
        self: AdapterContract, case: Case, variant: str, request: pytest.FixtureRequest
    ) -> None:
        check.run(case, variant, *(request.getfixturevalue(name) for name in check.fixtures))

    test.__doc__ = check.run.__doc__
    manifest = adapter.manifest()
    whole = check.exemption(manifest)
    reasons = {name: whole or check.exemption(manifest, name) for name in check.each(adapter)}
    variants = [
        pytest.param(name, marks=[pytest.mark.skip(reason=f"{_EXEMPT}{why}")] if why else [])
        for name, why in reasons.items()
    ]
    marked: Callable[..., None] = pytest.mark.parametrize("variant", variants)(test)
    return marked


def _exempt(test: Callable[..., None], why: str) -> Callable[..., None]:
    marked: Callable[..., None] = pytest.mark.skip(reason=f"{_EXEMPT}{why}")(test)
    return marked
