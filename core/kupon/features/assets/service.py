"""Drawing codes.

Source: spec campaigns-loyalty-referral-gift, section 3.1.
"""

from __future__ import annotations

from io import BytesIO

import segno
from barcode import Code128
from barcode.writer import ImageWriter, SVGWriter

from kupon.features.assets import schemas
from kupon.kit.errors import not_found
from kupon.storage.queries import projects
from kupon.storage.uow import UnitOfWork

# Three dots at the 300 dpi that barcodes are drawn in: every bar is as wide as it should be.
_BAR_MM = 0.254


def find_code(uow: UnitOfWork, kind: str, id: str) -> str:
    """The code behind the id of an image, whether it is still there or not.

    Raises:  not_found for ids that no project made, and for a barcode that can't be drawn.
    """
    project = projects.find_project(uow, uow.project_id)
    code = None if project is None else schemas.open_id(bytes(project.tracking_key), id)
    if code is None or (kind == "barcode" and not code.isascii()):
        raise not_found(kind, id)
    return code


def draw(kind: str, code: str, size: int | None, format: str) -> bytes:
    """The image of a code, `qr` or `barcode`, in the bytes of a file.

    Units:  size is in pixels of a QR code's module or millimetres of a barcode's height.
    """
    size = size or schemas.DEFAULT_SIZES[kind]
    file = BytesIO()
    if kind == "qr":
        segno.make_qr(code, error="m").save(file, kind=format, scale=size)
    else:
        writer = ImageWriter(format="PNG", mode="1") if format == "png" else SVGWriter()
        options = {"module_width": _BAR_MM, "module_height": size}
        Code128(code, writer=writer).write(file, options=options)
    return file.getvalue()
