"""The pytest plugin: real servers, the application, and a project of its own for each test.

Tests are kept apart by their projects: nothing is rolled back or emptied between them, and what a
test commits from several connections stays its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from kupon.bootstrap import build_registry, create_app
from kupon.features.integrations.service.tenants import Tenants
from kupon.features.management import service as management
from kupon.runtime import clock
from kupon.runtime.settings import Settings
from kupon.runtime.vault import Vault
from kupon.storage.database import open_database
from kupon.storage.uow import UnitOfWork
from kupon.testing.background import Jobs
from kupon.testing.client import ApiClient, key_headers
from kupon.testing.clocks import MoveTime
from kupon.testing.contract import exemption_of
from kupon.testing.live import LiveServer, run_live_server
from kupon.testing.servers import (
    Servers,
    join_servers,
    open_database_copy,
    open_redis_database,
)
from kupon.testing.wire import WireDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class ProjectKeys:
    """A project of its own and the secrets that open it."""

    id: str
    credentials: dict[str, str]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the running installation on one worker, which starts it once."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if "live_server" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group("live_server"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what adapters are exempted from, and why: it is never passed over in silence."""
    skipped = terminalreporter.stats.get("skipped", ())
    told = [(report.nodeid, exemption_of(report)) for report in skipped]
    exempt = [f"{name}: {why}" for name, why in told if why is not None]
    if exempt:
        terminalreporter.section("exemptions from the contract of adapters")
        for line in sorted(exempt):
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The run's PostgreSQL and Redis, shared by all its workers."""
    base = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    with join_servers(base.parent if is_worker else base, os.environ) as joined:
        yield joined


@pytest.fixture(scope="session")
def settings(servers: Servers) -> Iterator[Settings]:
    """Settings that name this worker's own databases."""
    with open_database_copy(servers) as database, open_redis_database(servers) as redis:
        yield Settings(
            database_url=database,
            redis_url=redis,
            port=0,
            pool_size=8,
            log_level="WARNING",
            secret_keys=(Vault.new_key(),),
            # Platforms and receivers are played on this machine.
            allowed_networks=("127.0.0.0/8", "::1/128"),
        )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The application as production builds it."""
    made = create_app(settings)
    yield made
    made.extensions["kupon"].close()


@pytest.fixture(scope="session")
def tenants(app: Flask) -> Tenants:
    """The plugins that are installed: one set for requests and jobs, which share the process."""
    loaded: Tenants = app.extensions["kupon"].tenants
    return loaded


@pytest.fixture(scope="session")
def document(app: Flask) -> WireDocument:
    """The application's own OpenAPI document."""
    return WireDocument(app)


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    """A pool of connections apart from the application's."""
    pool = open_database(settings.database_url, pool_size=4)
    yield pool
    pool.dispose()


@pytest.fixture
def project(new_project: NewProject) -> ProjectKeys:
    """A fresh project."""
    return new_project()


@pytest.fixture
def new_project(engine: Engine) -> NewProject:
    """Makes further fresh projects: `new_project(timezone="Europe/Warsaw")`."""
    return NewProject(engine)


@dataclass(frozen=True, slots=True)
class NewProject:
    """Call it for a project that no other test knows."""

    engine: Engine

    def __call__(self, *, name: str = "Test", timezone: str = "UTC") -> ProjectKeys:
        """Create the project and its keys."""
        with UnitOfWork(self.engine, project_id="", now=clock.now()) as uow:
            credentials = management.provision(uow, name, timezone=timezone)
            uow.commit()
        return ProjectKeys(credentials["project_id"], credentials)


@dataclass(frozen=True, slots=True)
class ConnectApi:
    """Call it for a client of another project or surface."""

    app: Flask
    document: WireDocument

    def __call__(self, project: ProjectKeys, surface: str = "server") -> ApiClient:
        """A client with the project's keys for one surface."""
        return ApiClient(self.app, self.document, key_headers(surface, project.credentials))


@pytest.fixture
def connect_api(app: Flask, document: WireDocument) -> ConnectApi:
    """Makes clients: `connect_api(new_project())`."""
    return ConnectApi(app, document)


@pytest.fixture
def api(connect_api: ConnectApi, project: ProjectKeys) -> ApiClient:
    """A client with the project's server keys."""
    return connect_api(project)


@pytest.fixture
def client_api(connect_api: ConnectApi, project: ProjectKeys) -> ApiClient:
    """A client with the project's client-side keys and an Origin."""
    return connect_api(project, "client")


@pytest.fixture
def management_api(connect_api: ConnectApi, project: ProjectKeys) -> ApiClient:
    """A client with management keys."""
    return connect_api(project, "management")


@pytest.fixture
def uow(engine: Engine, project: ProjectKeys) -> Iterator[UnitOfWork]:
    """A unit of work on the project; rolled back unless the test commits it."""
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as unit:
        yield unit


@pytest.fixture
def jobs(
    engine: Engine, settings: Settings, tenants: Tenants, project: ProjectKeys
) -> Iterator[Jobs]:
    """Does all background work that is due, in this process."""
    worker = Jobs(engine, settings.redis_url, build_registry(tenants))
    worker.forget_others(project.id)
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A whole running installation, as a user starts it."""
    with run_live_server(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
def move_time(monkeypatch: pytest.MonkeyPatch) -> MoveTime:
    """Moves the program's clock: `move_time(days=3)`."""
    return MoveTime(monkeypatch)
