"""Segment's interfaces: one method per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.hooks.errors import Misconfigured, Unavailable, as_documented
from kupon.hooks.http import HttpClient
from kupon_segment.config import PROFILES, PUBLIC, TRACKING

# The default is ten.
_MOST_TRAITS = 200
_PAGE = 100


class SegmentClient:
    """Calls with the credentials of one connection."""

    def __init__(self, settings: Mapping[str, Any], http: HttpClient) -> None:
        """Read the addresses of the workspace's region."""
        region = settings["region"]
        self._settings = settings
        self._http = http
        self._tracking = settings["tracking_url"] or TRACKING[region]
        self._profiles = settings["profile_url"] or PROFILES[region]
        self._public = settings["public_url"] or PUBLIC[region]

    def track(self, calls: Sequence[Mapping[str, Any]]) -> str:
        """Send some calls of the Tracking API; why none was taken, if that is so."""
        response = self._http.call(
            "POST",
            f"{self._tracking}/v1/batch",
            group="tracking",
            json={"batch": list(calls)},
            auth=(self._need("write_key"), ""),
            allow=(400, 413),
        )
        if response.status >= 400:
            return "the batch is too large or malformed"
        answer = response.json()
        if not isinstance(answer, dict) or answer.get("success") is not True:
            # Segment says so of a batch that it did not take in, whatever the status.
            raise Unavailable("the answer does not say that the calls were taken")
        return ""

    def list_profiles(self, cursor: str) -> tuple[list[str], str | None]:
        """A page of the space: the ids of its profiles, and where the next one begins."""
        space = self._need("space_id")
        path = f"/v1/spaces/{space}/collections/users/profiles"
        answer = self._profile_call(path, limit=_PAGE, next=cursor)
        with as_documented():
            ids = [str(each["segment_id"]) for each in answer["data"]]
            after = answer["cursor"]
            return ids, str(after["next"]) if after.get("has_more") else None

    def get_traits(self, segment_id: str) -> dict[str, Any]:
        """The traits of a profile."""
        answer = self._profile_call(self._profile(segment_id, "traits"), limit=_MOST_TRAITS)
        with as_documented():
            return dict(answer["traits"])

    def get_external_ids(self, segment_id: str) -> list[dict[str, Any]]:
        """The identifiers of a profile: [{id, type}]."""
        answer = self._profile_call(self._profile(segment_id, "external_ids"), limit=_PAGE)
        with as_documented():
            return [{"id": str(each["id"]), "type": each["type"]} for each in answer["data"]]

    def regulate(self, user_id: str) -> str:
        """Ask for a user's data to be deleted; the number of the request."""
        answer = self._http.call(
            "POST",
            f"{self._public}/regulations",
            group="public",
            headers={"Authorization": f"Bearer {self._need('public_token')}"},
            json={
                "regulationType": self._settings["regulation"],
                "subjectType": "USER_ID",
                "subjectIds": [user_id],
            },
        ).json()
        with as_documented():
            return str(answer["data"]["regulateId"])

    def get_regulation(self, id: str) -> str:
        """How far a regulation is."""
        answer = self._http.call(
            "GET",
            f"{self._public}/regulations/{id}",
            group="public",
            headers={"Authorization": f"Bearer {self._need('public_token')}"},
        ).json()
        with as_documented():
            return str(answer["data"]["regulation"]["overallStatus"])

    def _profile(self, segment_id: str, part: str) -> str:
        space = self._need("space_id")
        return f"/v1/spaces/{space}/collections/users/profiles/segment_id:{segment_id}/{part}"

    def _profile_call(self, path: str, **params: Any) -> Any:
        return self._http.call(
            "GET",
            f"{self._profiles}{path}",
            group="profiles",
            params=params,
            auth=(self._need("profile_token"), ""),
        ).json()

    def _need(self, name: str) -> str:
        value = self._settings[name]
        if not value:
            raise Misconfigured(f"setting {name} is missing")
        return str(value)
