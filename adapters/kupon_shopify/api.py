"""The Admin API of a shop: its tokens, the rate that is counted in points, and what it refuses.

Source: spec adapters-commerce, section 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kupon.hooks.errors import (
    AuthFailed,
    Misconfigured,
    RateLimited,
    Rejected,
    Unavailable,
    Unsupported,
    as_documented,
)
from kupon.hooks.http import HttpClient, HttpResponse

_GROUP: Final = "admin"
_FILES: Final = "files"
_TOKEN: Final = "admin"  # noqa: S105 - the name of one
# What a store of files answers for an address that has ended, or beyond a file's end.
_GONE: Final = (400, 403, 404, 410, 416)
# A wait that was not told.
_PAUSE_S: Final = 2.0
_DAY_S: Final = 86_400
_STATUSES: Final = {
    402: (Unsupported, "the shop is frozen until it has paid its bill"),
    404: (Misconfigured, "there is no such shop, or no such version of the API"),
    423: (Unsupported, "the shop is locked"),
}
# Errors of GraphQL that somebody has to look at; the query is the same for all records.
_HOPELESS: Final = frozenset(("MAX_COST_EXCEEDED", "SHOP_INACTIVE", "undefinedField"))
_PASSING: Final = frozenset((None, "INTERNAL_SERVER_ERROR", "TIMEOUT"))

Json = Mapping[str, Any]


class Denied(AuthFailed):
    """The app lacks a scope."""


class FileGone(Exception):
    """A file that Shopify has made is there no longer."""


class AdminApi:
    """GraphQL calls of one shop."""

    def __init__(self, settings: Mapping[str, Any], http: HttpClient) -> None:
        """Read where the shop is."""
        base = (settings["admin_url"] or f"https://{settings['shop']}").rstrip("/")
        self._settings = settings
        self._http = http
        self._url = f"{base}/admin/api/{settings['api_version']}/graphql.json"
        self._token_url = f"{base}/admin/oauth/access_token"
        # The version that has answered; Shopify goes on with another one where one has ended.
        self.version = ""

    def ask(self, document: str, variables: Json, *, is_partial: bool = False) -> Json:
        """The data of an answer; of a partial one what there is, in spite of passing errors."""
        answer = self._call({"query": document, "variables": variables})
        told = answer.json()
        if not isinstance(told, dict):
            raise Unavailable("the answer is not as documented")
        data, errors = told.get("data"), told.get("errors")
        wait_s = self._keep_pace(told.get("extensions"))
        with as_documented():
            for error in errors or ():
                _raise(error, wait_s, is_partial=is_partial and isinstance(data, dict))
        if not isinstance(data, dict):
            raise Unavailable("the answer is not as documented")
        return data

    def read_file(self, url: str, start: int, count: int) -> bytes:
        """A part of a file that Shopify has made.

        Raises:  FileGone where its address has ended, as it does after a week.
        """
        given = {"Range": f"bytes={start}-{start + count - 1}"}
        answer = self._http.call("GET", url, group=_FILES, headers=given, allow=_GONE)
        if answer.status in _GONE:
            raise FileGone
        # Whoever knows no ranges sends all.
        return answer.content if answer.status == 206 else answer.content[start : start + count]

    def _keep_pace(self, extensions: Any) -> float:
        """Where the points do not suffice for one more call like this, wait for half of them all.

        A page may take several calls, and one that is broken off begins anew: with points for the
        next call only it would never end.
        """
        try:
            cost, status = extensions["cost"], extensions["cost"]["throttleStatus"]
            asked, left = float(cost["requestedQueryCost"]), float(status["currentlyAvailable"])
            wanted = max(asked, float(status["maximumAvailable"]) / 2)
            wait_s = (wanted - left) / float(status["restoreRate"]) if left < asked else 0.0
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            return _PAUSE_S
        if wait_s:
            self._http.pace.hold(_GROUP, wait_s)
        return wait_s

    def _call(self, body: Json) -> HttpResponse:
        """One call; a token that has ended is renewed once."""
        token = self._settings["access_token"]
        if token:
            return self._post(body, token)
        kept = self._http.tokens.get(_TOKEN)
        if kept is not None:
            try:
                return self._post(body, kept)
            except AuthFailed:
                self._http.tokens.drop(_TOKEN)
        return self._post(body, self._new_token())

    def _post(self, body: Json, token: str) -> HttpResponse:
        answer = self._http.call(
            "POST",
            self._url,
            group=_GROUP,
            headers={"X-Shopify-Access-Token": token},
            json=body,
            allow=tuple(_STATUSES),
        )
        if answer.status in _STATUSES:
            error, reason = _STATUSES[answer.status]
            raise error(reason)
        self.version = answer.headers.get("x-shopify-api-version", "")
        return answer

    def _new_token(self) -> str:
        client_id = self._settings["client_id"]
        if not client_id:
            raise Misconfigured("one of the settings client_id and access_token is needed")
        answer = self._http.call(
            "POST",
            self._token_url,
            group="token",
            form={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": self._settings["client_secret"],
            },
            allow=(400, 404),
        )
        if answer.status == 404:
            raise Misconfigured("there is no such shop")
        if answer.status == 400:
            raise AuthFailed("the app's credentials are refused, or it is not installed")
        with as_documented():
            told = answer.json()
            token, lasts_s = str(told["access_token"]), float(told.get("expires_in", _DAY_S))
        self._http.tokens.put(_TOKEN, token, lasts_s)
        return token


def _raise(error: Any, wait_s: float, *, is_partial: bool) -> None:
    code = (error.get("extensions") or {}).get("code")
    if code == "THROTTLED":
        raise RateLimited("the shop's points are used up", wait_s or _PAUSE_S)
    if code == "ACCESS_DENIED":
        raise Denied(f"the app lacks a scope: {error.get('message')}")
    if code in _HOPELESS:
        raise Unsupported(f"Shopify can't answer: {code}")
    if is_partial:
        return
    if code in _PASSING:
        raise Unavailable("Shopify failed inside")
    raise Rejected("query", f"Shopify answered {code}")
