"""Braze played at its HTTP edge: users/track, users/merge, users/delete, Canvases, messages.

Source: spec adapters-marketing, section 3.5; Braze's pages on these interfaces.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from kupon.hooks.adapter import InboundRequest, InboundResponse
from kupon.testing import FakePlatform, Received, Reply, inbound, route

_MOST_OBJECTS = 75
_MOST_USERS = 50
_ARRAYS = ("attributes", "events", "purchases")
_NO_DATA = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."


class BrazePlatform(FakePlatform):
    """A workspace whose key may track and delete users, and its Canvases and messages."""

    comes_with_key = True
    takes_all_or_none = ("merges",)

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self.batches: list[list[str]] = []
        self.refused: set[str] = set()
        self.deleted: list[str] = []
        self.merged: dict[str, str] = {}
        self.profiles: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []

    # REST API

    @route("POST", "/users/track")
    def track(self, request: Received) -> Reply:
        """What is well formed is written; the rest is complained about by its place."""
        if not self._knows(request):
            return Reply({"message": "Invalid API key"}, 401)
        given = {name: request.json.get(name, []) for name in _ARRAYS}
        objects = [each for array in given.values() for each in array]
        if len(objects) > _MOST_OBJECTS:
            return Reply({"message": "Max Input Length Exceeded"}, 400)
        self.batches.append([each.get("external_id") for each in objects])
        errors, counts = self._take(given)
        told = {"message": "success", **counts} | ({"errors": errors} if errors else {})
        if not any(counts.values()):
            return Reply(told | {"message": _NO_DATA}, 400)
        return Reply(told, 201)

    def _take(self, given: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, int]]:
        errors, counts = [], {}
        for name, objects in given.items():
            for index, each in enumerate(objects):
                reason = self._complaint(name, each)
                if reason is None:
                    self._write(name, each)
                    counts[f"{name}_processed"] = counts.get(f"{name}_processed", 0) + 1
                else:
                    errors.append({"type": reason, "input_array": name, "index": index})
        return errors, counts

    def _complaint(self, array: str, given: dict[str, Any]) -> str | None:
        user = given.get("external_id")
        if not user:
            return "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
        if user in self.refused:
            return "provided external_id is blacklisted and disallowed"
        if array == "events" and not (given.get("name") and given.get("time")):
            return "'name' and 'time' are required"
        texts = [each for each in given.get("properties", {}).values() if isinstance(each, str)]
        if any(len(each) > 255 for each in texts):
            return "'properties' has a string that is too long"
        return None

    def _write(self, array: str, given: dict[str, Any]) -> None:
        """Attributes become the profile's, null removes one; each event is one more."""
        user = given["external_id"]
        if given.get("_update_existing_only") and user not in self.profiles:
            return
        profile = self.profiles.setdefault(user, {})
        if array == "events":
            self.events.append(given)
            return
        for name, value in given.items():
            if value is None:
                profile.pop(name, None)
            elif name not in ("external_id", "_update_existing_only"):
                profile[name] = value

    @route("POST", "/users/delete")
    def delete(self, request: Received) -> Reply:
        """Users are deleted some time later."""
        if not self._knows(request):
            return Reply({"message": "Invalid API key"}, 401)
        users = request.json.get("external_ids", [])
        if not users or len(users) > _MOST_USERS:
            return Reply({"message": "external_ids must be an array of 1 to 50"}, 400)
        self.deleted += users
        return Reply({"deleted": len(users), "message": "success"}, 201)

    @route("POST", "/users/merge")
    def merge(self, request: Received) -> Reply:
        """Users are merged some time later, in no certain order; an unknown one is no error."""
        if not self._knows(request):
            return Reply({"message": "Invalid API key"}, 401)
        pairs = [
            tuple(each[f"identifier_to_{end}"].get("external_id") for end in ("merge", "keep"))
            for each in request.json.get("merge_updates", [])
        ]
        self.batches.append([gone for gone, _ in pairs])
        if not pairs or len(pairs) > _MOST_USERS:
            return Reply({"message": "'merge_updates' must be an array of 1 to 50 objects"}, 400)
        if self.refused & {gone for gone, _ in pairs}:
            return Reply({"message": "'identifier_to_merge' is not a valid identifier"}, 400)
        for gone, kept in pairs:
            self.merged[gone] = kept
            was = self.profiles.pop(gone, {})
            self.profiles[kept] = was | self.profiles.get(kept, {})
        return Reply({"message": "success"}, 202)

    def held(self, kind: str) -> dict[str, Any]:
        """Profiles that have attributes, each user's events, or who was whom."""
        if kind == "merges":
            return dict(self.merged)
        if kind == "profiles":
            return {user: dict(has) for user, has in self.profiles.items() if has}
        found: dict[str, list[Any]] = {}
        for each in self.events:
            found.setdefault(each["external_id"], []).append(each)
        return found

    def _knows(self, request: Received) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.settings['api_key']}"

    # Canvas webhooks

    def event(self, name: str, body: bytes, *, id: str, at: datetime) -> InboundRequest:
        """One step of a Canvas for one user; its dispatch is the delivery's id."""
        try:
            call = json.loads(body)
        except (ValueError, RecursionError):
            call = None
        if not isinstance(call, dict):
            return inbound(body, path="customer-webhook", has_key=True)
        return self.canvas(**{**call, "action": name, "dispatch_id": id})

    def canvas(self, **call: Any) -> InboundRequest:
        """A webhook with JSON key/value pairs."""
        return inbound(call, path="customer-webhook", has_key=True)

    # Connected Content

    def content_request(self, source_id: str, campaign: str) -> InboundRequest:
        """What a message's template asks for one user, as the snippet in the README does."""
        return self.content(campaign=campaign, customer=source_id, source_id="braze-campaign-1")

    def content(self, **pairs: str) -> InboundRequest:
        """A template's POST; Braze sends its pairs as a flat object."""
        return inbound(pairs, path="content", query={"cache_id": "1"}, has_key=True)

    def content_codes(self, answer: InboundResponse) -> list[str]:
        """What `{{publication.voucher.code}}` renders; nothing where the call failed."""
        if answer.status >= 300:
            return []
        return [answer.body["voucher"]["code"]]
