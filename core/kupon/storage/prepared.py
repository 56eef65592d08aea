"""Hot statements outside of transactions: prepared once, and run through libpq without a cursor.

psycopg's cursors look at each value to find its type and its dumper, which for a hot statement
costs as much as reading the answer. Here the statement itself says what it takes, and the values
go as text.

Source: performance.md, lesson 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

import orjson
import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.json import Jsonb

Row = tuple[Any, ...]

# Of one connection: the server keeps up to a third of a megabyte for each.
MOST_KEPT = 100

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")

_numbers = count()


class _Statement(NamedTuple):
    """A text as the server takes it, and the names of its parameters in their order."""

    text: bytes
    parameters: Sequence[str]


class _Hot:
    """What a connection keeps: the names of what it has prepared, by the texts, and its loaders.

    A new transformer would look up how to load each type of each answer again.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.names: dict[bytes, bytes] = {}
        self.transformer = Transformer(connection)

    @classmethod
    def of(cls, connection: psycopg.Connection[Any]) -> _Hot:
        # On the connection itself, for the two know each other and must go together.
        kept = vars(connection)
        hot: _Hot | None = kept.get("kupon")
        if hot is None:
            hot = kept["kupon"] = cls(connection)
        return hot


@lru_cache(maxsize=512)
def _compile(text: str) -> _Statement:
    parameters = list(dict.fromkeys(_PLACEHOLDER.findall(text)))
    numbers = {name: f"${number}" for number, name in enumerate(parameters, 1)}
    numbered = _PLACEHOLDER.sub(lambda found: numbers[found[1]], text)
    return _Statement(numbered.replace("%%", "%").encode(), parameters)


def run(connection: psycopg.Connection[Any], text: str, parameters: Mapping[str, Any]) -> list[Row]:
    """Run a statement with psycopg's named placeholders; its rows.

    Shapes:  values are texts, whole numbers, moments, JSON, None, or lists of texts or numbers;
        the statement must say the type wherever PostgreSQL could not tell it.
    Raises:  psycopg.Error.
    """
    if connection.pgconn.transaction_status != TransactionStatus.IDLE:
        # A statement that is gone would end the transaction; a cursor knows which ones are there.
        return connection.execute(text, parameters).fetchall()
    statement = _compile(text)
    hot = _Hot.of(connection)
    values = [
        None if (value := parameters[each]) is None else _WRITERS[type(value)](value)
        for each in statement.parameters
    ]
    try:
        result = _execute(connection, hot.names, statement.text, values)
    except InvalidSqlStatementName:
        # At each rollback psycopg drops all that is prepared.
        hot.names.clear()
        result = _execute(connection, hot.names, statement.text, values)
    transformer = hot.transformer
    transformer.set_pgresult(result)
    try:
        return transformer.load_rows(0, result.ntuples, tuple)
    finally:
        transformer.set_pgresult(None)


def _execute(
    connection: psycopg.Connection[Any],
    names: dict[bytes, bytes],
    text: bytes,
    values: list[bytes | None],
) -> PGresult:
    name = names.get(text)
    if name is None:
        if len(names) >= MOST_KEPT:
            # The oldest goes; it may be gone already.
            connection.pgconn.exec_(b"DEALLOCATE " + names.pop(next(iter(names))))
        name = b"kupon_%d" % next(_numbers)
        _check(connection, connection.pgconn.prepare(name, text))
        names[text] = name
    result = connection.pgconn.exec_prepared(name, values)  # type: ignore[arg-type]  # None is NULL
    return _check(connection, result)


def _check(connection: psycopg.Connection[Any], result: PGresult) -> PGresult:
    if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        return result
    if connection.closed:
        raise psycopg.OperationalError(result.get_error_message())
    raise error_from_result(result, connection.info.encoding)


def _array(values: Sequence[str | int]) -> bytes:
    return b"{%b}" % b",".join(map(_element, values))


def _element(value: str | int) -> bytes:
    if isinstance(value, int):
        return b"%d" % value
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return b'"%b"' % quoted.encode()


_WRITERS: Mapping[type, Callable[[Any], bytes]] = {
    str: str.encode,
    int: lambda number: b"%d" % number,
    datetime: lambda moment: moment.isoformat().encode(),
    list: _array,
    Jsonb: lambda document: orjson.dumps(document.obj),
}
