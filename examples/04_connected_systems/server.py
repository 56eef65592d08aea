"""The server, by its three kinds of keys: the shop's, the operator's, and the platforms'."""

from __future__ import annotations

import sys
from typing import Any

import requests


class Kupon:
    """What the shop's server and the operator may call; platforms have keys of their own."""

    def __init__(self, credentials: dict[str, str]) -> None:
        self.address = credentials["base_url"]
        self._shop = {
            "X-App-Id": credentials["app_id"],
            "X-App-Token": credentials["app_token"],
        }
        self._operator = {
            "X-Management-Id": credentials["management_id"],
            "X-Management-Token": credentials["management_token"],
        }
        self._project = f"/management/v1/projects/{credentials['project_id']}"

    def shop(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the shop's server."""
        return self.call(method, f"/v1{path}", self._shop, body)

    def operator(self, method: str, path: str, body: Any = None) -> Any:
        """A call of who looks after the project."""
        return self.call(method, f"{self._project}{path}", self._operator, body)

    def call(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> Any:
        """Any call; ends the example with what the server says if that is no success."""
        answer = requests.request(
            method, f"{self.address}{path}", headers=headers, json=body, timeout=30
        )
        if not answer.ok:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None
