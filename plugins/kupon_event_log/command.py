"""`kupon event-log`: the events in a log of the workers."""

from __future__ import annotations

import json
from collections import Counter
from typing import TextIO

import click

from kupon_event_log.lines import find_events


@click.command(name="event-log")
@click.argument("log", type=click.File(encoding="utf-8"), default="-")
@click.option("--type", "types", multiple=True, help="Only events of this type; may be repeated.")
@click.option("--project", help="Only events of this project.")
@click.option("--customer", help="Only events of this customer's id.")
@click.option("--count", "is_counting", is_flag=True, help="Count the events by type instead.")
def event_log(
    log: TextIO,
    types: tuple[str, ...],
    project: str | None,
    customer: str | None,
    is_counting: bool,
) -> None:
    """Print the events in LOG, or in standard input, one JSON object a line."""
    wanted = {"project_id": project, "customer_id": customer}
    counts: Counter[str] = Counter()
    for event in find_events(log):
        if types and event.get("type") not in types:
            continue
        if any(value and event.get(name) != value for name, value in wanted.items()):
            continue
        if is_counting:
            counts[str(event.get("type"))] += 1
        else:
            click.echo(json.dumps(event))
    for name, count in counts.most_common():
        click.echo(f"{count:8} {name}")
