"""The yardsticks that speak HTTP: what Flask under this server does when almost nothing is done.

/echo reads a body and answers another one, as plain Flask does it; /lean does so with orjson; /use
counts one use of a code in one transaction.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import orjson
import psycopg
from flask import Flask, Response, request

from kupon.cli.web_server import serve
from kupon.runtime.settings import Settings

ANSWER_VARIABLE = "BENCH_ANSWER"

_USE = (
    "UPDATE yardstick_codes SET used = used + 1 WHERE code = %s AND used < quantity RETURNING used"
)
_RECORD = "INSERT INTO yardstick_uses (code, customer, used_at) VALUES (%s, %s, now())"


def application() -> Flask:
    """The yardstick inside one web process."""
    app = Flask("yardstick", static_folder=None)
    answer = json.loads(Path(os.environ[ANSWER_VARIABLE]).read_bytes())
    database_url = Settings.from_env().database_url
    own = threading.local()

    @app.post("/echo")
    def echo() -> Any:
        request.get_json()
        return answer

    @app.post("/lean")
    def lean() -> Response:
        orjson.loads(request.get_data())
        return Response(orjson.dumps(answer), mimetype="application/json")

    @app.post("/use")
    def use() -> Any:
        body = request.get_json()
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(database_url, autocommit=True)
        code, customer = body["redeemables"][0]["id"], body["customer"]["source_id"]
        with own.connection.transaction():
            row = own.connection.execute(_USE, (code,)).fetchone()
            if row is None:
                return Response(status=400)
            own.connection.execute(_RECORD, (code, customer))
        return {"used": row[0]}

    return app


if __name__ == "__main__":
    serve(Settings.from_env(), f"{__spec__.name}:application")
