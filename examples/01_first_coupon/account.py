"""The account: prints what happens, and compares every figure with the one worked out by hand."""

from __future__ import annotations

from typing import Any


def money(minor: int) -> str:
    """Minor units as one writes a price."""
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{minor // 100}.{minor % 100:02}"


class Account:
    """Collects the comparisons; `is_right` when all of them held."""

    def __init__(self) -> None:
        self.compared = 0
        self.wrong: list[str] = []

    @property
    def is_right(self) -> bool:
        """Whether something was compared and everything was as expected."""
        return self.compared > 0 and not self.wrong

    def chapter(self, title: str) -> None:
        """Begin a part of the account."""
        print(f"\n{title}\n{'-' * len(title)}")

    def say(self, text: str) -> None:
        """Tell something without a figure."""
        print(f"  {text}")

    def row(self, *cells: str) -> None:
        """One line of a table: the first cell left, the others right."""
        first, *others = cells
        print(f"  {first:<28}" + "".join(f"{cell:>12}" for cell in others))

    def compare(self, what: str, got: Any, expected: Any) -> None:
        """Note whether a figure is the expected one; only a wrong one is printed."""
        self.compared += 1
        if got != expected:
            self.wrong.append(f"{what}: {got!r} instead of {expected!r}")
            print(f"  WRONG  {self.wrong[-1]}")

    def close(self) -> int:
        """Print the verdict; the exit code."""
        if self.is_right:
            print(f"\nAll {self.compared} figures are as worked out by hand.")
            return 0
        print(f"\n{len(self.wrong)} of {self.compared} figures are wrong:")
        print("\n".join(f"  {text}" for text in self.wrong))
        return 1
