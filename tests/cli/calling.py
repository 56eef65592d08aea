"""`kupon ...` in the tests' process, as it would be in one of its own."""

from __future__ import annotations

from click.testing import CliRunner, Result

from kupon.cli.main import main
from kupon.hooks import tenancy


def call(*words, **options) -> Result:
    """What a command did; plugins that other tests have made known are not known to it."""
    known = tenancy._installed[:]
    tenancy._installed.clear()
    try:
        return CliRunner().invoke(main, [str(word) for word in words], **options)
    finally:
        tenancy._installed[:] = known
