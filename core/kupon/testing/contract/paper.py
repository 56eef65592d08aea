"""Checks of what is written: the manifest, the promises, the settings, the papers (A1-A5, A13)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

from kupon.hooks import review
from kupon.hooks.review import Finding
from kupon.testing.contract.checks import CHECKS, Case, check

# Imports the adapter's module, and says what it does besides; whatever its libraries do while they
# are imported is theirs.
_WATCHED_IMPORT = """
import os, sys
import kupon.hooks.adapter, kupon.hooks.signatures, kupon.hooks.settings

package, module = sys.argv[1], sys.argv[2]

def is_ours():
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") in ("os", "_collections_abc"):
        frame = frame.f_back
    return frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == package

class Environment(dict):
    def __getitem__(self, name):
        if is_ours():
            print("reads the environment:", name)
        return super().__getitem__(name)
    def get(self, name, default=None):
        if is_ours():
            print("reads the environment:", name)
        return super().get(name, default)

def watch(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
        print("opens a socket")
    elif event == "_thread.start_new_thread":
        print("starts a thread")

os.environ = Environment(os.environ)
sys.addaudithook(watch)
__import__(module)
"""


@check("A1")
def manifest_is_read_without_the_package(case: Case) -> None:
    """Its id is the package's name; exemptions are of checks that the adapter would have."""
    _nothing(review.review_manifest(case.package))
    manifest = case.manifest
    attached = [each for each in CHECKS if each.applies(manifest)]
    known = {each.id for each in attached}
    for each in attached:
        names = each.each(case.adapter) if each.each is not None else ()
        known |= {f"{each.id}.{name}" for name in names}
    unknown = manifest.exempt.keys() - known
    assert not unknown, f"the manifest exempts from checks that it would not have: {unknown}"


@check("A2")
def entry_point_leads_to_it(case: Case) -> None:
    """An entry point of its id brings this adapter, once."""
    _nothing(review.review_entry_point(case.package, case.adapter))


@check("A3")
def promises_are_kept(case: Case) -> None:
    """Every capability that is declared has its methods, and no other has."""
    _nothing(review.review_promises(case.adapter))


@check("A4")
def import_is_light(case: Case) -> None:
    """Importing it opens no socket, starts no thread, reads no environment."""
    argv = [sys.executable, "-c", _WATCHED_IMPORT, case.package, case.adapter.__module__]
    # What can be imported here can be there.
    places = os.pathsep.join(place for place in sys.path if place)
    done = subprocess.run(
        argv,
        env=os.environ | {"PYTHONPATH": places},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


@check("A5")
def settings_explain_themselves(case: Case) -> None:
    """Empty settings name what is required; unknown ones are refused; each has a help text."""
    _nothing(review.review_settings(case.adapter, case.playing.settings))


@check("A13", rule="readme")
def papers_are_complete(case: Case) -> None:
    """The README has its sections, and fixtures say where and from when they are."""
    _nothing(review.review_papers(case.package, case.manifest))


def _nothing(findings: Iterable[Finding]) -> None:
    assert [each.text for each in findings] == []
