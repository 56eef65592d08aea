"""The shop that adapters ask, over the API of the application under test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kupon.kit.error_catalogue import CATALOGUE
from kupon.kit.errors import KuponError

if TYPE_CHECKING:
    from kupon.testing.answer import Answer
    from kupon.testing.client import ApiClient


class ApiShop:
    """A `kupon.hooks.adapter.Shop` that calls the API and raises what that refuses."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    def validate(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /v1/validations`."""
        return _told(self._api.post("/v1/validations", json=body))

    def qualify(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /v1/qualifications`."""
        return _told(self._api.post("/v1/qualifications", json=body))

    def publish(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /v1/publications`."""
        return _told(self._api.post("/v1/publications", json=body))

    def find_voucher(self, code: str) -> dict[str, Any]:
        """`GET /v1/vouchers/{code}`."""
        return _told(self._api.get(f"/v1/vouchers/{_part(code)}"))

    def find_customer(self, source_id: str) -> dict[str, Any]:
        """`GET /v1/customers/{id}`."""
        return _told(self._api.get(f"/v1/customers/{_part(source_id)}"))

    def list_redeemables(self, source_id: str) -> dict[str, Any]:
        """`GET /v1/customers/{id}/redeemables`."""
        return _told(self._api.get(f"/v1/customers/{_part(source_id)}/redeemables"))

    def release(self, session_key: str, code: str | None = None) -> None:
        """Free what a session holds of one code."""
        if code is not None:
            path = f"/v1/vouchers/{_part(code)}/sessions/{_part(session_key)}"
            answer = self._api.delete(path)
            if answer.status != 204:
                _told(answer)


def _part(text: str) -> str:
    return quote(text, safe="")


def _told(answer: Answer) -> dict[str, Any]:
    if answer.status >= 400:
        key = (answer.json or {}).get("key")
        known = key if key in CATALOGUE else "not_found"
        raise KuponError(known, (answer.json or {}).get("details"))
    told: dict[str, Any] = answer.json
    return told
