"""The HTTP API of a played commercetools: objects by place and id, queries, versions, actions.

Source: commercetools' HTTP API reference; spec adapters-commerce, section 2.1.
"""

from __future__ import annotations

import base64
from typing import Any

from tests.adapters.commercetools_carts import Json
from tests.adapters.commercetools_queries import change, fits, selected, shown_as

from kupon.testing import FakePlatform, Received, Reply, route

_TOKEN = "issued-token"


class CommercetoolsApi(FakePlatform):
    """A project with a shop's own extension, an API client, and everything else to come."""

    token_paths = ("/oauth/token",)

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self.places: dict[str, dict[str, Json]] = {
            "extensions": {"shop": {"id": "shop", "key": "shop", "version": 1, "triggers": []}}
        }
        # How often somebody else changes an object between looking at it and changing it.
        self.rivals = 0
        # Orders that were changed, and those that may not be.
        self.batches: list[list[str]] = []
        self.refused: set[str] = set()
        # Whether the API client has the scope manage_orders.
        self.manages_orders = True
        self.project: Json = {
            "version": 1, "messages": {"enabled": False}, "countries": ["DE", "PL"],
            "languages": ["en", "pl"],
        }  # fmt: skip

    @route("POST", "/oauth/token")
    def token(self, request: Received) -> Reply:
        """Access tokens last for two days."""
        pair = f"{self.settings['client_id']}:{self.settings['client_secret']}"
        expected = f"Basic {base64.b64encode(pair.encode()).decode()}"
        if request.headers.get("authorization") != expected:
            return Reply({"statusCode": 401, "message": "invalid_client", "errors": []}, 401)
        assert request.form["grant_type"] == "client_credentials"
        return Reply({"access_token": _TOKEN, "token_type": "Bearer", "expires_in": 172_800})

    @route("GET", "/<project>")
    def get_project(self, request: Received, project: str) -> Reply:
        """The project's configuration."""
        return self._guarded(request) or Reply({"key": project, "name": "Shop", **self.project})

    @route("POST", "/<project>")
    def change_project(self, request: Received, project: str) -> Reply:
        """The project is changed by actions."""
        if refusal := self._guarded(request):
            return refusal
        for action in request.json["actions"]:
            assert action["action"] == "changeMessagesConfiguration"
            self.project["messages"] = action["messagesConfiguration"]
        self.project["version"] += 1
        return Reply({"key": project, **self.project})

    @route("GET", "/<project>/<place>")
    def query(self, request: Received, project: str, place: str) -> Reply:
        """A page of objects in the order that was asked for."""
        if refusal := self._guarded(request):
            return refusal
        field = "createdAt" if place == "messages" else "lastModifiedAt"
        kept = self.places.get(place, {}).values()
        found = [each for each in kept if fits(each, request.query, field)]
        found.sort(key=lambda each: (each.get(field, ""), each["id"]))
        limit = min(int(request.query.get("limit", 20)), self.page_size)
        shown = [selected(each, request.query) for each in found[:limit]]
        return Reply({"limit": limit, "offset": 0, "count": len(shown), "results": shown})

    @route("POST", "/<project>/<place>")
    def create(self, request: Received, project: str, place: str) -> Reply:
        """Keys are unlike each other."""
        if refusal := self._guarded(request):
            return refusal
        draft = request.json
        kept = self.places.setdefault(place, {})
        if any(each.get("key") == draft["key"] for each in kept.values()):
            return _error(400, "DuplicateField")
        made = {"id": f"{place}-{len(kept) + 1}", "version": 1, **draft}
        kept[made["id"]] = made
        return Reply(shown_as(made), 201)

    @route("GET", "/<project>/<place>/<name>")
    def get(self, request: Received, project: str, place: str, name: str) -> Reply:
        """An object by its id, or by `key=`."""
        if refusal := self._guarded(request):
            return refusal
        found = self._find(place, name)
        return _error(404, "ResourceNotFound") if found is None else Reply(shown_as(found))

    @route("POST", "/<project>/<place>/<name>")
    def update(self, request: Received, project: str, place: str, name: str) -> Reply:
        """An object is changed by actions, if it is as the caller thinks."""
        if refusal := self._guarded(request):
            return refusal
        found = self._find(place, name)
        if found is None:
            return _error(404, "ResourceNotFound")
        if self.rivals > 0:
            self.rivals -= 1
            found["version"] += 1
        if request.json["version"] != found["version"]:
            return _error(409, "ConcurrentModification")
        if place in ("orders", "carts") and not self.manages_orders:
            return _error(403, "insufficient_scope")
        if place == "carts":
            assert request.json["actions"] == [{"action": "recalculate"}]
            self.recalculate(found)
            return Reply(shown_as(found))
        if place == "orders":
            self.batches.append([found["id"]])
            if found["id"] in self.refused:
                return _error(400, "InvalidField")
        for action in request.json["actions"]:
            change(found, action)
        found["version"] += 1
        return Reply(shown_as(found))

    @route("DELETE", "/<project>/<place>/<name>")
    def delete(self, request: Received, project: str, place: str, name: str) -> Reply:
        """An object is deleted, if it is as the caller thinks."""
        if refusal := self._guarded(request):
            return refusal
        found = self._find(place, name)
        if found is None:
            return _error(404, "ResourceNotFound")
        if int(request.query["version"]) != found["version"]:
            return _error(409, "ConcurrentModification")
        del self.places[place][found["id"]]
        return Reply(shown_as(found))

    def recalculate(self, cart: Json) -> None:
        """Bring a cart's prices up to date."""
        raise NotImplementedError

    def _guarded(self, request: Received) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {_TOKEN}":
            return _error(401, "invalid_token")
        if request.path.split("/")[1] != self.settings["project_key"]:
            return _error(404, "ResourceNotFound")
        return None

    def _find(self, place: str, name: str) -> Json | None:
        kept = self.places.get(place, {})
        if name.startswith("key="):
            return next((each for each in kept.values() if f"key={each.get('key')}" == name), None)
        return kept.get(name)

    def keep(self, place: str, record: Json) -> Json:
        """Have an object."""
        self.places.setdefault(place, {})[record["id"]] = record
        return record


def _error(status: int, code: str) -> Reply:
    errors = [{"code": code, "message": code}]
    return Reply({"statusCode": status, "message": code, "errors": errors}, status)
