"""Wire shapes of code images, and the ids that stand for codes in their links.

An id is the code in authenticated deterministic encryption (AES-SIV, RFC 5297) under a key of the
project: a code has the same links each time, and nobody can have images drawn of other texts.

Source: spec campaigns-loyalty-referral-gift, section 3.1.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask import g, has_request_context, request
from werkzeug.sansio.utils import get_current_url

from kupon.storage.queries.keys import ProjectFacts
from kupon.web.fields import Part, Text, Whole, WireSchema, between, one_of

PATH = "v1/assets"
LARGEST = 100
FORMATS = ("png", "svg")
# UNCERTAIN: of a barcode the reference doesn't tell what is measured; here it is the bars' height.
DEFAULT_SIZES = {"qr": 10, "barcode": 20}

# Keeps ids of images and tracking ids, whose keys come from the same secret, apart.
_PURPOSE = b"code image"


class CodeImage(WireSchema):
    """Where an image of a code is."""

    id = Text()
    url = Text()


class CodeAssets(WireSchema):
    """The images of a code; a code beyond ASCII has no barcode."""

    qr = Part(CodeImage)
    barcode = Part(CodeImage)


class ImageQuery(WireSchema):
    """How to draw: pixels of a QR code's module, or millimetres of a barcode's height."""

    size = Whole(validate=between(1, LARGEST))
    format = Text(load_default="png", validate=one_of(*FORMATS))


@dataclass(frozen=True, slots=True)
class CodeLinks:
    """Makes the links of one project, below an address that its callers reach."""

    base: str
    project_id: str
    cipher: AESSIV

    def dump(self, code: str) -> dict[str, Any]:
        """The wire's assets of a code."""
        sealed = base64.urlsafe_b64encode(self.cipher.encrypt(code.encode(), None)).decode()
        id = f"{self.project_id}.{sealed.rstrip('=')}"
        assets = {"qr": {"id": id, "url": f"{self.base}/qr/{id}"}}
        if code.isascii():
            assets["barcode"] = {"id": id, "url": f"{self.base}/barcode/{id}"}
        return assets


def dump_assets(code: str) -> dict[str, Any] | None:
    """The wire's assets of a code; None in the background, where nobody knows our address."""
    if not has_request_context():
        return None
    links: CodeLinks | None = g.get("code_links")
    if links is None:
        project: ProjectFacts | None = g.get("project")
        if project is None:
            return None
        base = _base(request.scheme, request.host, request.root_path)
        links = g.code_links = CodeLinks(base, project.id, _cipher(project.tracking_key))
    return links.dump(code)


def links_below(address: str, project_id: str, tracking_key: bytes) -> CodeLinks:
    """Makes links for those who are told of codes in the background, where our address is set."""
    return CodeLinks(f"{address}/{PATH}", project_id, _cipher(tracking_key))


# Putting an address together takes longer than all the rest.
@lru_cache(maxsize=100)
def _base(scheme: str, host: str, root: str) -> str:
    return get_current_url(scheme, host, root) + PATH


def project_of(id: str) -> str:
    """The project whose key opens an id; empty for what is no id."""
    return id.partition(".")[0] if "." in id else ""


def open_id(key: bytes, id: str) -> str | None:
    """The code behind an id; None for what the project didn't make."""
    sealed = id.partition(".")[2]
    try:
        raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), b"-_", validate=True)
        return _cipher(key).decrypt(raw, None).decode()
    except (binascii.Error, InvalidTag, ValueError):
        return None


@lru_cache(maxsize=1000)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(blake2b(_PURPOSE, key=key, digest_size=32).digest())
