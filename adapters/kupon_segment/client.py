"""Segment's interfaces: one method per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.hooks.errors import Misconfigured, Unavailable
from kupon.hooks.http import HttpClient, HttpResponse
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

    def track(self, calls: Sequence[Mapping[str, Any]]) -> HttpResponse:
        """Send some calls of the Tracking API; 400 tells that one of them is too large."""
        return self._http.call(
            "POST",
            f"{self._tracking}/v1/batch",
            group="tracking",
            json={"batch": list(calls)},
            auth=(self._need("write_key"), ""),
            allow=(400,),
        )

    def list_profiles(self, cursor: str) -> dict[str, Any]:
        """A page of the space's profiles: {data, cursor}."""
        space = self._need("space_id")
        return self._profile_call(
            f"/v1/spaces/{space}/collections/users/profiles", limit=_PAGE, next=cursor
        )

    def get_traits(self, segment_id: str) -> dict[str, Any]:
        """The traits of a profile: {traits, cursor}."""
        return self._profile_call(self._profile(segment_id, "traits"), limit=_MOST_TRAITS)

    def get_external_ids(self, segment_id: str) -> dict[str, Any]:
        """The identifiers of a profile: {data, cursor}."""
        return self._profile_call(self._profile(segment_id, "external_ids"), limit=_PAGE)

    def regulate(self, user_id: str) -> str:
        """Ask for a user's data to be deleted; the number of the request."""
        answer = self._http.call(
            "POST",
            f"{self._public}/regulations",
            group="public",
            headers={"Authorization": f"Bearer {self._need('public_token')}"},
            json={
                "regulationType": "DELETE_ONLY",
                "subjectType": "USER_ID",
                "subjectIds": [user_id],
            },
        ).json()
        try:
            return str(answer["data"]["regulateId"])
        except (KeyError, TypeError):
            raise Unavailable("the answer names no regulation") from None

    def _profile(self, segment_id: str, part: str) -> str:
        space = self._need("space_id")
        return f"/v1/spaces/{space}/collections/users/profiles/segment_id:{segment_id}/{part}"

    def _profile_call(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self._http.call(
            "GET",
            f"{self._profiles}{path}",
            group="profiles",
            params=params,
            auth=(self._need("profile_token"), ""),
        ).json()
        if not isinstance(answer, dict):
            raise Unavailable("the answer is not an object")
        return answer

    def _need(self, name: str) -> str:
        value = self._settings[name]
        if not value:
            raise Misconfigured(f"setting {name} is missing")
        return str(value)
