"""The `kupon` command and the list of what it can do."""

from __future__ import annotations

import click

from kupon import __version__
from kupon.cli.adapters import adapters
from kupon.cli.administration import naming_bad_plugins, open_gateway
from kupon.cli.checkouts import checkouts
from kupon.cli.connections import connections
from kupon.cli.dev import dev
from kupon.cli.doctor import doctor
from kupon.cli.environment import read_settings
from kupon.cli.outbound import outbound
from kupon.cli.plugins import plugins
from kupon.cli.processes import relay, scheduler, web, worker
from kupon.cli.projects import projects
from kupon.cli.schema import migrate
from kupon.cli.secrets import secrets
from kupon.cli.sync import sync


class OpenGroup(click.Group):
    """Commands of Kupon, and those of plugins behind them, which are loaded only if need be."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_added(self))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _added(self).get(cmd_name)


def _added(group: click.Group) -> dict[str, click.Command]:
    """What plugins add.

    Raises:  ClickException that names the plugin which can't be loaded, or takes a name of ours.
    """
    from kupon.hooks.manager import Plugins

    settings = read_settings(needs_servers=False)
    with naming_bad_plugins():
        return dict(Plugins(settings.plugins).commands(taken=group.commands))


@click.group(cls=OpenGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Kupon, a self-hosted promotion engine.

    `kupon dev` runs everything on this machine. In production run migrate once per release, then
    web, worker, relay and scheduler, with KUPON_DATABASE_URL and KUPON_REDIS_URL set.
    """
    # For commands of plugins; see kupon.hooks.gateway.
    ctx.obj = open_gateway


for command in (
    dev,
    web,
    worker,
    relay,
    scheduler,
    migrate,
    projects,
    plugins,
    adapters,
    connections,
    checkouts,
    sync,
    outbound,
    secrets,
    doctor,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
