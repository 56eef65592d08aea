"""Every hook, by kind: `register_` collects, `decide_` decides, `on_` notifies.

Each docstring has the same labels; docs/hooks.md repeats them, which a test holds to it.
Source: house B8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema

from kupon.hooks.adapter import Adapter
from kupon.hooks.markers import hookspec
from kupon.hooks.types import (
    Channel,
    CodeGenerator,
    Commands,
    DiscountKind,
    EventEnvelope,
    EventSink,
    Operator,
    RedemptionFacts,
    Refusal,
    Route,
)


@hookspec
def register_adapters() -> Sequence[type[Adapter]]:  # type: ignore[empty-body]
    """Name the platforms that the plugin connects to.

    Called:       once, when a process starts.
    Arguments:    none.
    Returns:      adapter classes.
    Merge:        concatenated; two of one id are refused.
    Transaction:  none.
    May block:    no.
    On error:     the process does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec
def register_discount_kinds() -> Mapping[str, DiscountKind]:  # type: ignore[empty-body]
    """Add values of a discount's `type`.

    Called:       once, when a process starts.
    Arguments:    none.
    Returns:      by type, what reads its definition; the result is pure and is applied often.
    Merge:        concatenated; two of one name are refused.
    Transaction:  none.
    May block:    no.
    On error:     the process does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec
def register_rule_operators() -> Mapping[str, Operator]:  # type: ignore[empty-body]
    """Add operators to the conditions of validation rules, segments and collections.

    Called:       once, when a process starts.
    Arguments:    none.
    Returns:      by operator ("$name"), what reads its values and returns the test.
    Merge:        concatenated; two of one name are refused.
    Transaction:  none.
    May block:    no.
    On error:     the process does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec
def register_code_generators() -> Mapping[str, CodeGenerator]:  # type: ignore[empty-body]
    """Add values of `code_config.generator`, which finish codes made by the pattern.

    Called:       once, when a process starts.
    Arguments:    none.
    Returns:      by name, what turns a pattern's code into the final one.
    Merge:        concatenated; two of one name are refused.
    Transaction:  none.
    May block:    no.
    On error:     the process does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec
def register_channels() -> Sequence[Channel]:  # type: ignore[empty-body]
    """Add ways to bring published codes to customers.

    Called:       once, when a process starts; the channels by workers, after the commit.
    Arguments:    none.
    Returns:      channels; each serves publications whose `channel` is its name.
    Merge:        concatenated; two of one name are refused.
    Transaction:  none.
    May block:    registering no, delivering yes.
    On error:     the process does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec
def register_event_sinks() -> Sequence[EventSink]:  # type: ignore[empty-body]
    """Add kinds of receivers of events.

    Called:       once, when a process starts; the sinks by workers, after the commit.
    Arguments:    none.
    Returns:      sinks.
    Merge:        concatenated; two of one kind are refused.
    Transaction:  none.
    May block:    registering no, sending yes.
    On error:     the process does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec
def register_routes() -> Sequence[Route]:  # type: ignore[empty-body]
    """Add routes under `/plugins/<plugin>`, behind the keys of projects.

    Called:       once, when a web process starts.
    Arguments:    none.
    Returns:      routes; a project for which the plugin is not active answers them 404.
    Merge:        concatenated; two of one method and path are refused.
    Transaction:  none.
    May block:    the routes, briefly.
    On error:     the process does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec
def register_commands() -> Commands:  # type: ignore[empty-body]
    """Add commands to `kupon`.

    Called:       when `kupon` is asked for help, or for a command that is not its own.
    Arguments:    none.
    Returns:      click commands.
    Merge:        concatenated; two of one name, and names of Kupon's own, are refused.
    Transaction:  none.
    May block:    the commands, yes.
    On error:     the command does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec
def register_settings() -> type[Schema] | None:
    """Say what a project may set when it activates the plugin.

    Called:       once, when a process starts.
    Arguments:    none.
    Returns:      a marshmallow schema, or None for nothing to set.
    Merge:        kept per plugin.
    Transaction:  none.
    May block:    no.
    On error:     the process does not start, and says which plugin it was.
    Since:        0.1
    """


@hookspec(firstresult=True)
def decide_redemption(redemption: RedemptionFacts) -> Refusal | None:
    """Refuse a redemption that everything else allows.

    Called:       by each redemption request, once its incentives were found to apply, before
                  anything is written; only where the plugin is active for the project.
    Arguments:    redemption, plain data in minor units.
    Returns:      a refusal, or None to leave it to the next.
    Merge:        the first refusal counts.
    Transaction:  inside the redemption's; nothing may be read or written.
    May block:    no.
    On error:     the request fails with 500 and nothing is redeemed.
    Since:        0.1
    """


@hookspec
def on_events(events: Sequence[EventEnvelope], settings: Mapping[str, Any]) -> None:
    """Hear of everything that happened in a project.

    Called:       by workers after the commit, in order per customer or object, at least once;
                  only where the plugin is active for the project.
    Arguments:    events, as webhooks tell them; settings of the plugin in the project.
    Returns:      nothing.
    Merge:        results are ignored.
    Transaction:  none of the events'.
    May block:    yes, for some seconds.
    On error:     logged, and tried again later for this plugin only.
    Since:        0.1
    """
