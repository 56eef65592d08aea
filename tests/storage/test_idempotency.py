from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from kupon.kit.errors import KuponError
from kupon.storage.idempotency import KEPT_FOR, Claim, StoredAnswer, claim, purge, store

if TYPE_CHECKING:
    from kupon.storage.uow import UnitOfWork

REQUEST = Claim("k", "POST", "/v1/orders", b"hash")


def test_claimed_stored_and_read(uow: UnitOfWork) -> None:
    assert claim(uow, REQUEST) is None
    store(uow, REQUEST, 200, b"{}")
    assert claim(uow, REQUEST) == StoredAnswer(200, b"{}")


@pytest.mark.parametrize(
    "other",
    [
        Claim("k", "PUT", "/v1/orders", b"hash"),
        Claim("k", "POST", "/v1/customers", b"hash"),
        Claim("k", "POST", "/v1/orders", b"other"),
    ],
    ids=["method", "path", "body"],
)
def test_another_request_under_the_key_is_refused(uow: UnitOfWork, other: Claim) -> None:
    claim(uow, REQUEST)
    store(uow, REQUEST, 200, b"{}")
    with pytest.raises(KuponError) as refused:
        claim(uow, other)
    assert (refused.value.status, refused.value.key) == (409, "idempotency_key_conflict")


def test_a_server_error_gives_the_key_back(uow: UnitOfWork) -> None:
    claim(uow, REQUEST)
    store(uow, REQUEST, 503, b"{}")
    assert claim(uow, REQUEST) is None


def test_old_keys_are_forgotten(uow: UnitOfWork) -> None:
    now = uow.now
    young = Claim("young", "POST", "/v1/orders", b"hash")
    for request, age in ((REQUEST, KEPT_FOR + timedelta(seconds=1)), (young, KEPT_FOR)):
        uow.now = now - age
        assert claim(uow, request) is None
        store(uow, request, 200, b"{}")
    uow.now = now
    assert purge(uow, now - KEPT_FOR) >= 1
    assert claim(uow, young) == StoredAnswer(200, b"{}")
    assert claim(uow, REQUEST) is None
