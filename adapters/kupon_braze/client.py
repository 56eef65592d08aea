"""Braze's REST API: one method per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from kupon.hooks.errors import Misconfigured, Rejected, Unavailable
from kupon.hooks.http import HttpClient, HttpResponse
from kupon_braze.answers import TAKEN, Tracked, read_tracked
from kupon_braze.config import HOSTS

_T = TypeVar("_T")


class BrazeClient:
    """Calls with the key of one workspace."""

    def __init__(self, settings: Mapping[str, Any], http: HttpClient) -> None:
        """Read the address of the workspace's cluster."""
        self._http = http
        self._headers = {"Authorization": f"Bearer {settings['api_key']}"}
        self._url = (settings["rest_url"] or HOSTS[settings["instance"]]).rstrip("/")

    def track(self, **arrays: Sequence[Mapping[str, Any]]) -> Tracked:
        """Write some attributes or events; of a call without any nothing but the key is checked."""
        count = sum(len(each) for each in arrays.values())
        # Source: "Track users", making bulk updates.
        bulk = {"X-Braze-Bulk": "true"} if count > 1 else {}
        response = self._post("/users/track", "track", arrays, bulk)
        return read_tracked(response.status, response.json())

    def merge(self, pairs: Sequence[tuple[str, str]]) -> str:
        """Make one user of each two, the first becoming the second; why not, if Braze refuses."""
        updates = [
            {
                "identifier_to_merge": {"external_id": gone},
                "identifier_to_keep": {"external_id": kept},
            }
            for gone, kept in pairs
        ]
        response = self._post("/users/merge", "users", {"merge_updates": updates})
        message = _member(response, "message", str)
        return "" if response.status < 300 and message in TAKEN else message

    def delete_user(self, external_id: str) -> int:
        """Have a user forgotten; how many profiles are queued for that.

        Raises:  Rejected, with what Braze has against it.
        """
        response = self._post("/users/delete", "users", {"external_ids": [external_id]})
        if response.status >= 300:
            raise Rejected("users/delete", _member(response, "message", str))
        return _member(response, "deleted", int)

    def _post(
        self,
        path: str,
        group: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        response = self._http.call(
            "POST",
            f"{self._url}{path}",
            group=group,
            headers={**self._headers, **(headers or {})},
            json=body,
            allow=(400, 404),
        )
        if response.status == 404:
            # Source: "API errors and responses": 404 stands for an unknown key too.
            raise Misconfigured("there is no such workspace: is the cluster the right one?")
        return response


def _member(response: HttpResponse, name: str, type: type[_T]) -> _T:
    """What an answer says under a name.

    Raises:  Unavailable for one that does not say it.
    """
    body = response.json()
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, type):
        raise Unavailable("the answer is not as documented")
    return value
