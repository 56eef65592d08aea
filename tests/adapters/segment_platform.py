"""Segment played at its HTTP edge: Tracking API, Profile API, Public API, and its two destinations.

Source: spec adapters-marketing, section 2.1; Segment's pages on these interfaces.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from kupon.hooks.adapter import InboundRequest
from kupon.testing import FakePlatform, Received, Reply, forged, inbound, route

_MOST_EVENT_BYTES = 32_768
_MOST_BATCH_BYTES = 500_000


class SegmentPlatform(FakePlatform):
    """A workspace with a source, a space of profiles, and the right to delete users."""

    signed_by = ("x-signature",)
    takes_all_or_none = True

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self.batches: list[list[str]] = []
        self.refused: set[str] = set()
        self.erased: list[str] = []
        self.regulation = "FINISHED"
        self._taken: dict[str, dict[str, dict[str, Any]]] = {
            "track": {},
            "identify": {},
            "alias": {},
        }
        self._profiles: list[dict[str, Any]] = []

    # Tracking API

    @route("POST", "/v1/batch")
    def batch(self, request: Received) -> Reply:
        """Calls are taken all together or, where one is too large or malformed, not at all."""
        if not self._is_basic(request, self.settings["write_key"]):
            return Reply({"success": False, "message": "unauthorized"}, 401)
        calls = request.json["batch"]
        sizes = [len(_compact(call)) for call in calls]
        users = [str(call.get("previousId") or call["userId"]) for call in calls]
        self.batches.append(users)
        is_too_large = len(request.body) > _MOST_BATCH_BYTES or max(sizes, default=0) > (
            _MOST_EVENT_BYTES
        )
        if is_too_large or self.refused & set(users):
            return Reply({"success": False, "message": "Exceeded payload size"}, 400)
        for call in calls:
            # What comes under a message id that is known is dropped.
            self._taken[call["type"]].setdefault(call["messageId"], call)
        return Reply({"success": True})

    def calls_of(self, kind: str) -> list[dict[str, Any]]:
        """The calls that were taken, each once."""
        return list(self._taken[kind].values())

    def held(self, kind: str) -> dict[str, Any]:
        """Events of each user, the traits of the last identify call, or who was whom."""
        if kind == "merges":
            return {call["previousId"]: call["userId"] for call in self.calls_of("alias")}
        if kind == "profiles":
            return {call["userId"]: call["traits"] for call in self.calls_of("identify")}
        found: dict[str, list[Any]] = {}
        for call in self.calls_of("track"):
            found.setdefault(call["userId"], []).append(call)
        return found

    # Profile API

    @route("GET", "/v1/spaces/<space>/collections/users/profiles")
    def profiles(self, request: Received, space: str) -> Reply:
        """A page of the space; the cursor is a place in the list."""
        if not self._is_basic(request, self.settings["profile_token"]):
            return _profile_error(401, "authentication_error")
        if space != self.settings["space_id"]:
            return _profile_error(404, "not_found")
        start = int(request.query["next"])
        stop = start + min(int(request.query.get("limit", 10)), self.page_size)
        shown = self._profiles[start:stop]
        has_more = stop < len(self._profiles)
        return Reply(
            {
                "data": [{"segment_id": each["segment_id"]} for each in shown],
                "cursor": {
                    "url": request.path,
                    "has_more": has_more,
                    "next": str(stop) if has_more else "",
                    "limit": self.page_size,
                },
            }
        )

    @route("GET", "/v1/spaces/<space>/collections/users/profiles/<name>/traits")
    def traits(self, request: Received, space: str, name: str) -> Reply:
        """The first traits of a profile, ten unless more are asked for."""
        found = self._profile(name)
        if found is None:
            return _profile_error(404, "not_found")
        most = int(request.query.get("limit", 10))
        traits = dict(list(found["traits"].items())[:most])
        return Reply({"traits": traits, "cursor": {"has_more": len(found["traits"]) > most}})

    @route("GET", "/v1/spaces/<space>/collections/users/profiles/<name>/external_ids")
    def external_ids(self, request: Received, space: str, name: str) -> Reply:
        """The identifiers of a profile."""
        found = self._profile(name)
        if found is None:
            return _profile_error(404, "not_found")
        return Reply({"data": found["external_ids"], "cursor": {"has_more": False}})

    def put(self, resource: str, count: int, *, changed_at: datetime) -> list[str]:
        """Profiles with a user id each."""
        first = len(self._profiles) + 1
        users = [f"user-{number}" for number in range(first, first + count)]
        self._profiles += [
            {
                "segment_id": f"use_{user}",
                "external_ids": [{"id": user, "type": "user_id", "collection": "users"}],
                "traits": {"email": f"{user}@example.com", "city": "Łódź"},
            }
            for user in users
        ]
        return users

    def add(self, resource: str, content: bytes) -> None:
        """A profile with its traits and identifiers."""
        self._profiles.append(json.loads(content))

    def remove(self, resource: str, source_id: str, *, at: datetime) -> bool:
        """Nobody is told."""
        return False

    def _profile(self, name: str) -> dict[str, Any] | None:
        segment_id = name.removeprefix("segment_id:")
        return next((each for each in self._profiles if each["segment_id"] == segment_id), None)

    # Public API

    @route("POST", "/regulations")
    def regulations(self, request: Received) -> Reply:
        """Users are deleted some days later."""
        if request.headers.get("authorization") != f"Bearer {self.settings['public_token']}":
            return Reply({"errors": [{"type": "not-authorized"}]}, 401)
        self.erased += request.json["subjectIds"]
        return Reply({"data": {"regulateId": f"reg_{len(self.erased)}"}})

    @route("GET", "/regulations/<name>")
    def get_regulation(self, request: Received, name: str) -> Reply:
        """How far a regulation is."""
        if request.headers.get("authorization") != f"Bearer {self.settings['public_token']}":
            return Reply({"errors": [{"type": "not-authorized"}]}, 401)
        return Reply({"data": {"regulation": {"id": name, "overallStatus": self.regulation}}})

    # Destinations

    def event(self, name: str, body: bytes, *, id: str, at: datetime) -> InboundRequest:
        """One call through "Webhooks (Actions)"; its message id is the delivery's."""
        try:
            call = json.loads(body)
        except (ValueError, RecursionError):
            call = None
        if not isinstance(call, dict):
            return self._signed(body, body)
        return self.webhook({**call, "type": name, "messageId": id})

    def webhook(self, *calls: Any, is_batch: bool = False) -> InboundRequest:
        """Some calls through "Webhooks (Actions)", of which the first is signed."""
        request = self._signed(_compact(list(calls) if is_batch else calls[0]), _compact(calls[0]))
        if not is_batch:
            return request
        headers = {**request.headers, "x-kupon-key": self.settings["static_header"]}
        return forged(request, headers=headers)

    def _signed(self, body: bytes, signed: bytes) -> InboundRequest:
        secret = self.settings["shared_secret"].encode()
        signature = hmac.new(secret, signed, hashlib.sha1).hexdigest()
        return inbound(body, path="webhook", headers={"X-Signature": signature})

    @staticmethod
    def _is_basic(request: Received, user: str) -> bool:
        expected = base64.b64encode(f"{user}:".encode()).decode()
        return request.headers.get("authorization") == f"Basic {expected}"


def _compact(value: Any) -> bytes:
    """JSON as JavaScript writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _profile_error(status: int, code: str) -> Reply:
    return Reply({"error": {"code": code, "message": code.replace("_", " ")}}, status)
