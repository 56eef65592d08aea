"""`kupon sync`: pulling what platforms have, with a look at how far it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from kupon.cli.administration import administer, load_tenants
from kupon.cli.environment import read_settings

if TYPE_CHECKING:
    from kupon.runtime.settings import Settings

_OPEN = ("WAITING", "RUNNING")
_POLL_S = 0.5


@click.group()
def sync() -> None:
    """Pull customers, products, orders and profiles over a connection, by its id or name.

    Workers do the work; what is begun here goes on when this command ends, and after any process
    was killed it goes on from its last page.
    """


@sync.command()
@click.argument("project_id")
@click.argument("connection")
@click.argument("resource")
@click.option("--full", is_flag=True, help="All there is, not only what has changed since.")
@click.option("--sweep", is_flag=True, help="And mark as deleted what is not there any more.")
@click.option("--no-wait", is_flag=True, help="Do not stay to watch.")
def start(
    project_id: str, connection: str, resource: str, *, full: bool, sweep: bool, no_wait: bool
) -> None:
    """Begin to pull RESOURCE, what has changed since the last time or everything."""
    from kupon.features.integrations import service

    settings = read_settings()
    tenants = load_tenants(settings)
    mode = "FULL" if full else "INCREMENTAL"
    body = {"resource": resource, "mode": mode, "sweep": sweep}
    with administer(settings, project_id) as uow:
        run = service.start_sync(uow, tenants, project_id, connection, body)
    if no_wait:
        click.echo(json.dumps(run, indent=2))
    else:
        _watch(settings, run, project_id)


@sync.command("list")
@click.argument("project_id")
@click.argument("connection")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--after", metavar="RUN", help="Go on after this run.")
def list_runs(project_id: str, connection: str, limit: int, after: str | None) -> None:
    """Print the runs of a connection as JSON, the newest first."""
    from kupon.features.integrations import service

    query = {"limit": limit, "starting_after": after}
    with administer(read_settings(), project_id) as uow:
        found = service.list_runs(uow, project_id, connection, query)
    click.echo(json.dumps(found["data"], indent=2))


@sync.command()
@click.argument("project_id")
@click.argument("connection")
@click.argument("resource", required=False)
@click.option("--every", metavar="DURATION", help="Pull what has changed so often, as PT15M.")
@click.option("--full-every", metavar="DURATION", help="Pull all there is so often, as P7D.")
@click.option("--sweep", is_flag=True, help="Mark then as deleted what is not there any more.")
@click.option("--overlap", metavar="DURATION", help="Look so much further back, as PT10M.")
@click.option("--off", is_flag=True, help="Do not pull it by itself any more.")
def schedule(
    project_id: str,
    connection: str,
    resource: str | None,
    *,
    off: bool,
    sweep: bool,
    **durations: str | None,
) -> None:
    """Have RESOURCE pulled by itself; without one, print when what is pulled.

    What was said of the resource before is replaced. Durations are those of ISO 8601.
    """
    from kupon.features.integrations import service

    settings = read_settings()
    tenants = load_tenants(settings)
    said: dict[str, Any] = {name: each for name, each in durations.items() if each is not None}
    if sweep:
        said["sweep"] = True
    if (resource is None and (off or said)) or (resource is not None and off == bool(said)):
        raise click.UsageError("Give a resource with durations, or with --off, or nothing")
    with administer(settings, project_id) as uow:
        known = service.get_connection(uow, tenants, project_id, connection)["schedule"]
        if resource is not None:
            news = {**known, resource: said}
            answer = service.set_schedule(uow, tenants, project_id, connection, news)
            known = answer["schedule"]
    click.echo(json.dumps(known, indent=2))


@sync.command()
@click.argument("project_id")
@click.argument("connection")
@click.argument("run_id")
def watch(project_id: str, connection: str, run_id: str) -> None:
    """Look on until a run is over."""
    settings = read_settings()
    _watch(settings, _look(settings, project_id, connection, run_id), project_id)


@sync.command()
@click.argument("project_id")
@click.argument("connection")
@click.argument("run_id")
def cancel(project_id: str, connection: str, run_id: str) -> None:
    """End a run after the page that it is at."""
    from kupon.features.integrations import service

    with administer(read_settings(), project_id) as uow:
        run = service.cancel_sync(uow, project_id, connection, run_id)
    click.echo(json.dumps(run, indent=2))


@sync.command()
@click.argument("project_id")
@click.argument("connection")
@click.argument("run_id")
@click.option("--no-wait", is_flag=True, help="Do not stay to watch.")
def resume(project_id: str, connection: str, run_id: str, *, no_wait: bool) -> None:
    """Have a run that failed or was canceled go on from where it stands."""
    from kupon.features.integrations import service

    settings = read_settings()
    with administer(settings, project_id) as uow:
        run = service.resume_sync(uow, project_id, connection, run_id)
    if no_wait:
        click.echo(json.dumps(run, indent=2))
    else:
        _watch(settings, run, project_id)


def _look(settings: Settings, project_id: str, connection: str, run_id: str) -> dict[str, Any]:
    from kupon.features.integrations import service

    with administer(settings, project_id) as uow:
        return service.get_run(uow, project_id, connection, run_id)


def _watch(settings: Settings, run: dict[str, Any], project_id: str) -> None:
    """Show a bar until the run is over; one that failed ends the command with its reason."""
    from kupon.runtime import clock

    length = run.get("total")
    with click.progressbar(
        length=length or 0,
        label=run["resource"],
        show_pos=True,
        item_show_func=lambda text: text,
    ) as bar:
        while True:
            bar.length = run.get("total") or run["done"] + run["skipped"] + 1
            bar.update(run["done"] + run["skipped"] - bar.pos, run.get("error"))
            if run["state"] not in _OPEN:
                bar.length = max(run["done"] + run["skipped"], 1)
                bar.update(bar.length - bar.pos, "")
                break
            clock.sleep(_POLL_S)
            run = _look(settings, project_id, run["connection_id"], run["id"])
    click.echo(f"{run['state']}: {run['done']} taken, {run['skipped']} not")
    if run["sweep"] and run["state"] == "DONE":
        click.echo("What the platform does not have any more is being marked as deleted")
    for each in run["failed"]:
        click.echo(f"  {each['id']}: {each['reason']}")
    if run["state"] == "FAILED":
        raise click.ClickException(run.get("error") or "The run failed")
