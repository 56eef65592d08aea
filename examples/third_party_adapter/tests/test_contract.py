"""Acme Letters keeps the contract of adapters."""

from __future__ import annotations

from kupon_acme_letters.adapter import AcmeLettersAdapter
from letters_platform import LettersPlatform

from kupon.testing import AdapterContract


class TestAcmeLetters(AdapterContract):
    """All checks that its capabilities call for."""

    adapter = AcmeLettersAdapter
    platform = LettersPlatform
    config = {
        "url": "{platform}",
        "token": "canary-letters-token",
        "notice_secret": "canary-letters-notices",
    }
