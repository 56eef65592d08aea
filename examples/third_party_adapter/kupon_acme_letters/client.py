"""The Letters API: one method per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kupon.hooks.errors import Unavailable
from kupon.hooks.http import HttpClient


class LettersClient:
    """Calls with the token of one account."""

    def __init__(self, settings: Mapping[str, Any], http: HttpClient) -> None:
        """Read address and token."""
        self._url = settings["url"].rstrip("/")
        self._headers = {"Authorization": f"Bearer {settings['token']}"}
        self._http = http

    def get_account(self) -> None:
        """See whether the token opens the account."""
        self._http.call("GET", f"{self._url}/v2/account", headers=self._headers)

    def order(self, letters: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Order letters; the problems of those that were not taken, by their references.

        The print shop knows a reference again and prints it once.
        """
        body = {"letters": list(letters)}
        answer = self._http.call(
            "POST", f"{self._url}/v2/letters", headers=self._headers, json=body
        ).json()
        try:
            results = answer["results"]
            refused = [each for each in results if not each["accepted"]]
            return {str(each["reference"]): str(each["problem"]) for each in refused}
        except (KeyError, TypeError):
            raise Unavailable("the answer is not as it is documented") from None
