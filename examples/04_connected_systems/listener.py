"""What Kupon calls: the shop's own server, Segment and Braze, each under a path of its own."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What each of them answers to say that it has taken what it was told.
_ANSWERS = {
    "/shop": {},
    "/segment/v1/batch": {"success": True},
    "/braze/users/track": {"message": "success"},
}


@dataclass(frozen=True)
class Told:
    """One request, as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Listener:
    """Hears on a free port of this machine, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Listener:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def at(self, path: str) -> list[Told]:
        """What came to a path."""
        return [each for each in self.told if each.path == path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = _ANSWERS.get(self.path)
                if answer is not None:
                    told.append(Told(self.path, headers, body))
                self.send_response(404 if answer is None else 201)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer or {}).encode())

            def log_message(self, *_: object) -> None:
                pass

        return Handler
