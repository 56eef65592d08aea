"""The web server: Granian with a number of processes, each running the application in threads.

Source: ADR-0017.
"""

from __future__ import annotations

import multiprocessing
import signal
from typing import TYPE_CHECKING

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from kupon.local.launch import die_with_parent
from kupon.runtime.log import configure_logging, log_config

if TYPE_CHECKING:
    from flask import Flask

    from kupon.runtime.settings import Settings

_SHUTDOWN_S = 10


def serve(settings: Settings, target: str = f"{__name__}:application") -> None:
    """Serve until SIGTERM or SIGINT; running requests are answered first.

    `target` names the function that makes the WSGI application; the benchmark has one of its own.
    """
    configure_logging(settings)
    # The processes are made anew while the parent has threads, where a fork could hang.
    multiprocessing.set_start_method("spawn")
    Granian(
        target,
        factory=True,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        address=settings.host,
        port=settings.port,
        workers=settings.web_processes,
        blocking_threads=settings.web_threads,
        backlog=settings.backlog,
        respawn_failed_workers=True,
        workers_kill_timeout=_SHUTDOWN_S,
        log_level=LogLevels(settings.log_level.lower()),
        log_dictconfig=log_config(settings.log_level),
        log_access=False,
    ).serve()


def application() -> Flask:
    """Build the application inside one web process."""
    from kupon.bootstrap import create_app

    server = multiprocessing.parent_process()
    if server is not None and server.pid is not None:
        # A process without its server would go on answering on the port of the next one.
        die_with_parent(signal.SIGTERM, server.pid)
    return create_app()
