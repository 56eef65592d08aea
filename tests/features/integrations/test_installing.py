"""What was provisioned is provisioned again every day, for platforms drop what failed for long."""

from __future__ import annotations

import pytest
from tests.features.integrations.conftest import SECRET

from kupon.runtime import clock
from kupon.storage.queries import connections
from kupon.storage.uow import UnitOfWork


@pytest.fixture
def shop(connect, platform):
    return connect(url=platform.url)


@pytest.fixture
def look(engine, jobs):
    """The scheduler looks once, and the work is done."""

    def run():
        task = next(each for each in jobs.registry.periodic if each.name == "repeat_provisioning")
        with UnitOfWork(engine, project_id="", now=clock.now()) as uow:
            task.run(uow)
            uow.commit()
        return jobs()

    return run


def provision(shop):
    return shop.manage("post", f"{shop.path}/provision")


def test_what_the_platform_dropped_is_there_again_the_next_day(shop, platform, look, move_time):
    move_time(days=2)
    look()
    assert platform.hooks == set()
    assert provision(shop)["provisioned"] is True
    platform.hooks.clear()
    move_time(hours=20)
    look()
    assert platform.hooks == set()
    move_time(hours=5)
    look()
    assert platform.hooks == {"kupon"}
    platform.hooks.clear()
    look()
    assert platform.hooks == set()
    move_time(hours=27)
    look()
    assert platform.hooks == {"kupon"}
    assert shop.now()["updated_at"] == provision(shop)["updated_at"]


def test_what_was_taken_away_or_rests_is_left_alone(shop, platform, look, move_time):
    provision(shop)
    shop.manage("post", f"{shop.path}/pause")
    platform.hooks.clear()
    move_time(days=2)
    look()
    assert platform.hooks == set()
    shop.manage("post", f"{shop.path}/resume")
    look()
    assert platform.hooks == {"kupon"}
    shop.manage("post", f"{shop.path}/deprovision")
    move_time(days=2)
    look()
    assert platform.hooks == set()


def test_a_failure_is_noted_and_tried_again(shop, platform, look, jobs, move_time):
    provision(shop)
    platform.hooks.clear()
    platform.fail("503")
    move_time(days=2)
    look()
    failed = shop.now()
    assert (failed["status"], failed["last_error"].partition(":")[0]) == (
        "ACTIVE",
        "provisioning failed",
    )
    assert SECRET not in failed["last_error"]
    platform.mend()
    move_time(minutes=10)
    jobs()
    assert platform.hooks == {"kupon"}


def test_refused_credentials_break_the_connection(shop, platform, look, move_time):
    provision(shop)
    platform.fail("401")
    move_time(days=2)
    look()
    assert shop.now()["status"] == "BROKEN"


def test_new_settings_are_installed_soon(shop, platform, look, move_time):
    provision(shop)
    platform.hooks.clear()
    settings = {"secret": "other", "url": platform.url}
    shop.manage("put", shop.path, json={"settings": settings})
    look()
    assert platform.hooks == {"kupon"}


def test_nobody_waits_for_the_connection_while_the_platform_thinks(
    shop, platform, engine, project, monkeypatch, shoplet
):
    waited = []
    install = shoplet.provision

    def provision_slowly(self):
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            uow.driver.execute("SET LOCAL lock_timeout = '2s'")
            connections.break_connection(uow, shop.id, "meanwhile")
            uow.commit()
        waited.append(True)
        return install(self)

    monkeypatch.setattr(shoplet, "provision", provision_slowly)
    done = provision(shop)
    assert (waited, done["status"], done["provisioned"]) == ([True], "BROKEN", True)
