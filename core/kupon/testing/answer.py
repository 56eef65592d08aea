"""One answer of the wire, and what a test usually wants to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; `json` is None when there is no JSON in it."""

    status: int
    json: Any
    headers: Headers
    body: bytes

    def expect(self, status: int = 200) -> Any:
        """The JSON of an answer that must have this status."""
        assert self.status == status, f"{self.status} instead of {status}: {self.body[:2000]!r}"
        return self.json

    def refused(self, status: int, key: str) -> Any:
        """The JSON of an answer that must be this error."""
        assert (self.status, (self.json or {}).get("key")) == (status, key), self.body[:2000]
        return self.json
