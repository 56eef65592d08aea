"""Codes with a check character, which tell a mistyped code from an unknown one.

Digits alone get the digit of Luhn's formula (ISO/IEC 7812-1, annex B), codes with letters its
form modulo 36, in which letters count from 10 in alphabetical order. Other characters don't count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kupon.hooks import hookimpl
from kupon.hooks.types import CodeGenerator, Route
from kupon_luhn_codes.checking import CodeCheck, answer_check, append_check_character


@hookimpl
def register_code_generators() -> Mapping[str, CodeGenerator]:
    """`luhn` appends the check character."""
    return {"luhn": append_check_character}


@hookimpl
def register_routes() -> Sequence[Route]:
    """A till asks whether a code was read right, without asking for the voucher."""
    summary = "Whether the check character of a code is right"
    return [
        Route(
            method="GET",
            path="/v1/checks/<code>",
            answer=answer_check,
            summary=summary,
            surface=surface,
            returns=CodeCheck,
        )
        for surface in ("server", "client")
    ]
