"""Routes of code images: without keys, since mails and pages link to them; so they are no part of
the document.
"""

from __future__ import annotations

from functools import partial

from flask import Flask, Response, current_app, request
from marshmallow import ValidationError

from kupon.features.assets import schemas, service
from kupon.kit.complaints import first_complaint
from kupon.kit.errors import invalid_query
from kupon.runtime import clock
from kupon.storage.uow import UnitOfWork
from kupon.web.query import parse_query

_TYPES = {"png": "image/png", "svg": "image/svg+xml"}
_HEADERS = {
    # The link says all that the image depends on.
    "Cache-Control": "public, max-age=31536000, immutable",
    # An SVG may be opened as a page of its own.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


def register(app: Flask) -> None:
    """Serve the images."""
    for kind in schemas.DEFAULT_SIZES:
        app.add_url_rule(f"/{schemas.PATH}/{kind}/<id>", f"{kind}_image", partial(_image, kind))


def _image(kind: str, id: str) -> Response:
    try:
        query = schemas.ImageQuery().load(parse_query(request.query_string))
    except ValidationError as error:
        raise invalid_query(first_complaint(error.messages, "Query")) from None
    engine = current_app.extensions["kupon"].engine
    project_id = schemas.project_of(id)
    with UnitOfWork(engine, project_id=project_id, now=clock.now(), is_read_only=True) as uow:
        code = service.find_code(uow, kind, id)
    image = service.draw(kind, code, query.get("size"), query["format"])
    return Response(image, mimetype=_TYPES[query["format"]], headers=_HEADERS)
