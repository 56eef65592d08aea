"""The supervisor with small real processes: restarts, order of stopping, nothing left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from kupon.local.child import Child
from kupon.local.failure import CannotStart
from kupon.local.supervisor import StopRequested, Supervisor, no_signals, signals_as_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    MakeChild = Callable[..., Child]

# Nothing takes so long but on a machine that has much else to do.
PATIENCE_S = 120
SLEEPER = "import time; time.sleep(60)"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor()
    yield made
    made.stop()


@pytest.fixture
def make_child(tmp_path: Path) -> MakeChild:
    def make(script: str, name: str = "child", patience_s: float = PATIENCE_S) -> Child:
        return Child(
            name,
            [sys.executable, "-c", script],
            environment=os.environ,
            log=tmp_path / "logs" / f"{name}.log",
            patience_s=patience_s,
        )

    return make


def words(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_restarts_a_fallen_child(
    supervisor: Supervisor, make_child: MakeChild, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    supervisor.start_floor([make_child(f"print('x', file=open({str(seen)!r}, 'a'))")])
    assert supervisor.watch(lambda: len(words(seen)) >= 2, timeout_s=PATIENCE_S)


def test_gives_up_on_a_child_that_keeps_falling(
    supervisor: Supervisor, make_child: MakeChild
) -> None:
    supervisor.start_floor([make_child("raise SystemExit('no database')", name="relay")])
    with pytest.raises(CannotStart, match=r"(?s)relay ended 2 times while starting.*no database"):
        supervisor.watch(lambda: False, timeout_s=PATIENCE_S, most_falls=1)


def test_watching_ends_with_the_time(supervisor: Supervisor, make_child: MakeChild) -> None:
    supervisor.start_floor([make_child(SLEEPER)])
    assert not supervisor.watch(lambda: False, timeout_s=0.1)


def test_stops_from_the_top_floor_down(make_child: MakeChild, tmp_path: Path) -> None:
    order = tmp_path / "order"
    ready = tmp_path / "ready"

    def recording(name: str) -> Child:
        return make_child(
            "import signal, sys, time\n"
            f"def end(*_): print({name!r}, file=open({str(order)!r}, 'a')); sys.exit()\n"
            "signal.signal(signal.SIGTERM, end)\n"
            f"print('x', file=open({str(ready)!r}, 'a'))\n"
            "time.sleep(60)\n",
            name=name,
        )

    supervisor = Supervisor()
    supervisor.start_floor([recording("ground")])
    supervisor.start_floor([recording("top")])
    assert supervisor.watch(lambda: len(words(ready)) == 2, timeout_s=PATIENCE_S)
    supervisor.stop()
    assert words(order) == ["top", "ground"]


def test_kills_what_does_not_listen_with_its_children(
    make_child: MakeChild, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    child = make_child(
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "grandchild = subprocess.Popen(['sleep', '60'])\n"
        f"print(os.getpid(), grandchild.pid, file=open({str(pids)!r}, 'a'))\n"
        "time.sleep(60)\n",
        patience_s=0.3,
    )
    supervisor = Supervisor()
    supervisor.start_floor([child])
    assert supervisor.watch(lambda: len(words(pids)) == 2, timeout_s=PATIENCE_S)
    started = [psutil.Process(int(word)) for word in words(pids)]
    supervisor.stop()
    _, alive = psutil.wait_procs(started, timeout=PATIENCE_S)
    assert alive == []


def test_first_signal_is_a_request_and_later_ones_wait() -> None:
    cleaned_up = []

    def interrupted() -> None:
        with signals_as_requests():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(PATIENCE_S)
            finally:
                os.kill(os.getpid(), signal.SIGINT)
                cleaned_up.append(True)

    with pytest.raises(StopRequested) as request:
        interrupted()
    assert cleaned_up == [True]
    assert request.value.signal_number == signal.SIGTERM
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_no_signal_interrupts_the_stop() -> None:
    stopped = False
    with signals_as_requests(), no_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        stopped = True
    assert stopped
