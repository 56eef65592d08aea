"""The print shop played at its HTTP edge."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from kupon.hooks.adapter import InboundRequest
from kupon.hooks.signatures import sign
from kupon.testing import FakePlatform, Received, Reply, forged, inbound, route


class LettersPlatform(FakePlatform):
    """An account that prints whatever is ordered, once."""

    signed_by = ("x-letters-signature", "x-letters-time")
    signature_lasts = timedelta(minutes=5)
    takes_all_or_none = False

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        super().__init__(config)
        self.batches: list[list[str]] = []
        self.refused: set[str] = set()
        self.printed: dict[str, dict[str, Any]] = {}

    @route("GET", "/v2/account")
    def account(self, request: Received) -> Reply:
        return Reply({"name": "Acme"}) if self._is_ours(request) else Reply({}, 401)

    @route("POST", "/v2/letters")
    def letters(self, request: Received) -> Reply:
        if not self._is_ours(request):
            return Reply({}, 401)
        letters = request.json["letters"]
        self.batches.append([letter["recipient"] for letter in letters])
        return Reply({"results": [self._print(letter) for letter in letters]})

    def _print(self, letter: dict[str, Any]) -> dict[str, Any]:
        if letter["recipient"] in self.refused:
            problem = "the recipient has no address"
            return {"reference": letter["reference"], "accepted": False, "problem": problem}
        self.printed.setdefault(letter["reference"], letter)
        return {"reference": letter["reference"], "accepted": True}

    def held(self, kind: str) -> dict[str, Any]:
        return {letter["recipient"]: letter for letter in self.printed.values()}

    def event(self, name: str, body: bytes, *, id: str, at: datetime) -> InboundRequest:
        """A notice; its number is the delivery's."""
        try:
            notice = json.loads(body)
        except ValueError:
            notice = None
        if isinstance(notice, dict):
            changed = {"kind": name, "notice": id, "changed_at": at.isoformat()}
            body = json.dumps({**notice, **changed}).encode()
        request = inbound(body, path="notices")
        sent_at = str(int(request.received_at.timestamp()))
        signature = sign(self.settings["notice_secret"], sent_at.encode() + b"." + body)
        signed = {"x-letters-time": sent_at, "x-letters-signature": signature}
        return forged(request, headers={**request.headers, **signed})

    def _is_ours(self, request: Received) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.settings['token']}"
