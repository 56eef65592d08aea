"""A broker that only makes topics, which librdkafka's mock cluster does not: played at its wire.

It asks for a login or for a certificate where it is told to.

Source: the Kafka protocol's message definitions (ApiVersions 0, Metadata 1, CreateTopics 4,
SaslHandshake 1, SaslAuthenticate 0).
"""

from __future__ import annotations

import struct
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

METADATA, HANDSHAKE, API_VERSIONS, CREATE_TOPICS, AUTHENTICATE = 3, 17, 18, 19, 36
VERSIONS = {
    METADATA: (1, 1),
    HANDSHAKE: (1, 1),
    API_VERSIONS: (0, 0),
    CREATE_TOPICS: (4, 4),
    AUTHENTICATE: (0, 0),
}
EXISTS, UNSUPPORTED_VERSION, LOGIN_FAILED, UNKNOWN_TOPIC = 36, 35, 58, 3
# Its number 0, led by broker 1, which alone has a copy.
PARTITION = struct.pack(">hiiiiii", 0, 0, 1, 1, 1, 1, 1)


class Controller:
    """The one broker of a cluster; `refuse` has it answer an error for a topic.

    login is what clients must say to be let in, tls an SSLContext that they are met with.
    """

    def __init__(self, login=None, tls=None):
        self.topics = {}
        self.refuse = {}
        self.login = login
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.controller = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def __enter__(self):
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def settings(self):
        return {"bootstrap_servers": self.address, "security_protocol": "PLAINTEXT"}

    def create(self, name, **facts):
        """Make a topic as it was asked for; an error's code, 0 where it was made."""
        if name in self.topics:
            return EXISTS
        if name not in self.refuse:
            self.topics[name] = facts
        return self.refuse.get(name, 0)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Handler(StreamRequestHandler):
    def handle(self):
        while head := self.rfile.read(4):
            reader = _Reader(self.rfile.read(*struct.unpack(">i", head)))
            key, version, correlation = reader.take("hhi")
            reader.text()
            answer = struct.pack(">i", correlation) + self._answer(key, version, reader)
            self.wfile.write(struct.pack(">i", len(answer)) + answer)

    def _answer(self, key, version, reader):
        if key == API_VERSIONS:
            known = b"".join(struct.pack(">hhh", each, *span) for each, span in VERSIONS.items())
            error = UNSUPPORTED_VERSION if version else 0
            return struct.pack(">hi", error, len(VERSIONS)) + known
        if key == HANDSHAKE:
            # Whichever mechanism is asked for is one.
            return struct.pack(">hi", 0, 1) + _text(reader.text())
        if key == AUTHENTICATE:
            return self._authenticate(reader)
        return self._metadata(reader) if key == METADATA else self._create(reader)

    def _authenticate(self, reader):
        (size,) = reader.take("i")
        (said,) = reader.take(f"{size}s")
        if said == self.server.controller.login:
            return struct.pack(">hhi", 0, -1, 0)
        return struct.pack(">h", LOGIN_FAILED) + _text("nobody we know") + struct.pack(">i", 0)

    def _metadata(self, reader):
        host, port = self.server.server_address
        (count,) = reader.take("i")
        topics = self.server.controller.topics
        named = [reader.text() for _ in range(count)] if count >= 0 else list(topics)
        told = b"".join(
            struct.pack(">h", 0) + _text(name) + struct.pack(">?i", 0, 1) + PARTITION
            if name in topics
            else struct.pack(">h", UNKNOWN_TOPIC) + _text(name) + struct.pack(">?i", 0, 0)
            for name in named
        )
        brokers = struct.pack(">ii", 1, 1) + _text(host) + struct.pack(">ih", port, -1)
        return brokers + struct.pack(">ii", 1, len(named)) + told

    def _create(self, reader):
        (count,) = reader.take("i")
        results = b"".join(self._make(reader) for _ in range(count))
        return struct.pack(">ii", 0, count) + results

    def _make(self, reader):
        name = reader.text()
        partitions, copies, assignments, configs = (*reader.take("ihi"), *reader.take("i"))
        assert assignments == 0
        config = {reader.text(): reader.text() for _ in range(configs)}
        facts = {"partitions": partitions, "copies": copies, "config": config}
        error = self.server.controller.create(name, **facts)
        return _text(name) + struct.pack(">h", error) + struct.pack(">h", -1)


class _Reader:
    """Members of a request, one after the other."""

    def __init__(self, body):
        self._body = body

    def take(self, format):
        size = struct.calcsize(f">{format}")
        taken, self._body = self._body[:size], self._body[size:]
        return struct.unpack(f">{format}", taken)

    def text(self):
        (size,) = self.take("h")
        if size < 0:
            return None
        taken, self._body = self._body[:size], self._body[size:]
        return taken.decode()


def _text(value):
    return struct.pack(">h", len(value)) + value.encode()
