"""Codes that can be read over the telephone."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import click

_VOWELS = "AEIOU"


def speakable(code: str, random: Callable[[int], int]) -> str:
    """A vowel behind each letter that needs one: BDK becomes BODAKI."""
    spoken = []
    for character in code.upper():
        spoken.append(character)
        if character.isalpha() and character not in _VOWELS:
            spoken.append(_VOWELS[random(len(_VOWELS))])
    return "".join(spoken)


@click.command(name="acme-codes")
@click.argument("letters")
@click.option("--count", default=3, show_default=True)
def acme_codes(letters: str, count: int) -> None:
    """Print a few codes as they would be made of LETTERS."""
    for _ in range(count):
        click.echo(speakable(letters, secrets.randbelow))
