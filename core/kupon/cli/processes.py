"""`kupon web|worker|relay|scheduler`: the processes of a production installation."""

from __future__ import annotations

import click

from kupon.cli.administration import load_tenants, naming_bad_plugins
from kupon.cli.environment import read_settings


@click.command()
def web() -> None:
    """Answer HTTP requests (KUPON_HOST, KUPON_PORT, KUPON_WEB_PROCESSES, KUPON_WEB_THREADS)."""
    from kupon.cli.web_server import serve
    from kupon.features.plugins import service as plugins

    settings = read_settings()
    with naming_bad_plugins():
        # The web processes load them again; here it shows what they can't load.
        list(plugins.places(load_tenants(settings)))
    serve(settings)


@click.command()
@click.option("--burst", is_flag=True, help="End when the queue is empty.")
def worker(*, burst: bool) -> None:
    """Work on background jobs."""
    from kupon.bootstrap import run_worker

    with naming_bad_plugins():
        run_worker(read_settings(), burst=burst)


@click.command()
@click.option("--once", is_flag=True, help="Relay what is due now and end.")
def relay(*, once: bool) -> None:
    """Turn committed events into jobs and wake the workers."""
    from kupon.bootstrap import run_relay

    with naming_bad_plugins():
        run_relay(read_settings(), once=once)


@click.command()
def scheduler() -> None:
    """Run periodic tasks."""
    from kupon.bootstrap import run_scheduler

    with naming_bad_plugins():
        run_scheduler(read_settings())
