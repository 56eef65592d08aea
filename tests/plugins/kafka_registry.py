"""A schema registry played at its HTTP edge, by Confluent's documents of its interface."""

from __future__ import annotations

import base64
import json

from kupon.testing.platform import FakePlatform, Received, Reply, route

LOGIN = ("sr-key", "canary-sr-secret")


class SchemaRegistry(FakePlatform):
    """Knows schemas by subject and by number; asks for the login above."""

    def __init__(self):
        super().__init__({"registry_url": "{platform}"})
        self.schemas = []
        self.subjects = {}
        self.compatibilities = {}

    @property
    def login(self):
        username, password = LOGIN
        return {"registry_username": username, "registry_password": password}

    def answer(self, request: Received):
        expected = base64.b64encode(":".join(LOGIN).encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return _error(401, "Unauthorized")
        return super().answer(request)

    def add(self, schema, type="AVRO"):
        """The number of a schema."""
        entry = (type, schema)
        if entry not in self.schemas:
            self.schemas.append(entry)
        return self.schemas.index(entry) + 1

    @route("GET", "/config/<subject>")
    def compatibility(self, _: Received, subject: str) -> Reply:
        if subject not in self.compatibilities:
            return _error(404, "Subject does not have subject-level compatibility", 40408)
        return Reply({"compatibilityLevel": self.compatibilities[subject]})

    @route("PUT", "/config/<subject>")
    def configure(self, request: Received, subject: str) -> Reply:
        self.compatibilities[subject] = request.json["compatibility"]
        return Reply(request.json)

    @route("POST", "/subjects/<subject>/versions")
    def register(self, request: Received, subject: str) -> Reply:
        number = self.add(request.json["schema"], request.json.get("schemaType", "AVRO"))
        versions = self.subjects.setdefault(subject, [])
        if number not in versions:
            versions.append(number)
        return Reply({"id": number})

    @route("GET", "/schemas/ids/<int:number>")
    def by_number(self, _: Received, number: int) -> Reply:
        if not 0 < number <= len(self.schemas):
            return _error(404, "Schema not found", 40403)
        type, schema = self.schemas[number - 1]
        # Avro is what is not said.
        named = {} if type == "AVRO" else {"schemaType": type}
        return Reply({"schema": schema, **named})

    def framed(self, number, value):
        """A value as it lies in a topic."""
        return b"\0" + number.to_bytes(4) + value

    def schema_of(self, value):
        """The schema that a framed value names, and what comes after the frame."""
        assert value[0] == 0
        type, schema = self.schemas[int.from_bytes(value[1:5]) - 1]
        return type, json.loads(schema), value[5:]


def _error(status, message, code=None):
    return Reply({"error_code": code or status, "message": message}, status)
