"""What tests of several features share: projects, what was staged, requests with redeemables."""

from __future__ import annotations

import pytest

from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.testing.builders import redeemable


@pytest.fixture
def folding_api(new_project, connect_api, engine):
    """A client of a project whose codes ignore case."""
    project = new_project()
    with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
        uow.driver.execute(
            "UPDATE projects SET case_sensitive_codes = false WHERE id = %s", (project.id,)
        )
        uow.commit()
    return connect_api(project)


@pytest.fixture
def events(engine, project):
    """Call it for the (name, payload) of what the project has staged, in order."""

    def read():
        with UnitOfWork(engine, project_id=project.id, now=clock.now()) as uow:
            return uow.reader.execute(
                "SELECT name, payload FROM events WHERE project_id = %s ORDER BY seq",
                (project.id,),
            ).fetchall()

    return read


@pytest.fixture
def give(api):
    """Publishes a code to a customer: `give("CODE", customer)`."""

    def publish(code, customer):
        body = {"voucher": code, "customer": {"id": customer["id"]}}
        api.post("/v1/publications", json=body).expect()

    return publish


@pytest.fixture
def validate(api):
    """Validates: `validate("CODE", promotion_tier(id), order=cart((1, 1000)))`; the answer."""
    return _requesting(api, "/v1/validations")


@pytest.fixture
def redeem(api):
    """Redeems, as `validate` validates; the answer."""
    return _requesting(api, "/v1/redemptions")


def _requesting(api, path):
    def post(*named, **members):
        redeemables = [redeemable(each) if isinstance(each, str) else each for each in named]
        return api.post(path, json={"redeemables": redeemables, **members}).expect()

    return post


@pytest.fixture
def set_stacking_rules(management_api, project):
    """Gives the project stacking rules of its own: `set_stacking_rules(redeemables_limit=2)`."""

    def post(**rules):
        path = f"/management/v1/projects/{project.id}/stacking-rules"
        return management_api.post(path, json=rules).expect()

    return post
