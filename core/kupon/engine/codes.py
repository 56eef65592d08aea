"""Code patterns, and the codes that they describe.

Source: spec campaigns-loyalty-referral-gift, section 2.
"""

from __future__ import annotations

import codecs
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kupon.engine.definitions import DefinitionError, Fields, one_of
from kupon.engine.registry import Registry

RandomBytes = Callable[[int], bytes]
# Makes the final code of what the pattern gave; the second argument gives a whole number below n.
Generator = Callable[[str, Callable[[int], int]], str]

# Patterns suffice by themselves: all generators are plugins'.
GENERATORS: Final[Registry[Generator]] = Registry("code generator", {})

ALPHANUMERIC: Final = string.digits + string.ascii_letters
CHARSETS: Final[Mapping[str, str]] = {
    "numbers": string.digits,
    "alphabetic": string.ascii_letters,
    "alphabetic lower": string.ascii_lowercase,
    "alphabetic upper": string.ascii_uppercase,
    "alphanumeric": ALPHANUMERIC,
}

DEFAULT_LENGTH: Final = 8
LONGEST_CODE: Final = 200

_KEY: Final = "invalid_code_config"
# One random byte chooses one character.
_LARGEST_CHARSET: Final = 256


def code_key(code: str, *, is_case_sensitive: bool) -> str:
    """Return the form of a code that is unique in its project."""
    return code if is_case_sensitive else code.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePattern:
    """What a set of codes looks like.

    Shapes: every `#` of pattern stands for one character of charset, all other characters for
        themselves, those of prefix and postfix included; charset repeats no character; generator
        names what finishes the codes, empty where nothing does.
    """

    pattern: str
    charset: str
    prefix: str = ""
    postfix: str = ""
    generator: str = ""

    @property
    def length(self) -> int:
        """The number of characters that vary."""
        return self.pattern.count("#")

    @property
    def capacity(self) -> int:
        """The number of different codes; 1 where nothing varies."""
        return int(len(self.charset) ** self.length)

    @property
    def _template(self) -> str:
        prefix, pattern, postfix = (
            part.replace("%", "%%") for part in (self.prefix, self.pattern, self.postfix)
        )
        return prefix + pattern.replace("#", "%s") + postfix


def parse_code_config(
    config: Mapping[str, Any] | None,
    default_charset: str = ALPHANUMERIC,
    *,
    is_case_sensitive: bool = True,
    path: str = ".code_config",
) -> CodePattern:
    """Read a code configuration and resolve its charset.

    Shapes: a charset is a name of CHARSETS or the characters themselves; without case sensitivity
        of two characters that differ in case only the first stays.
    Raises: DefinitionError with the key invalid_code_config.
    """
    fields = Fields({} if config is None else config, path, _KEY)
    pattern = CodePattern(
        pattern=_pattern(fields),
        charset=_charset(fields, default_charset, is_case_sensitive),
        prefix=fields.text("prefix") or "",
        postfix=fields.text("postfix") or "",
        generator=_generator(fields),
    )
    size = len(pattern.prefix) + len(pattern.pattern) + len(pattern.postfix)
    if not 0 < size <= LONGEST_CODE:
        raise fields.error("", f"must make codes of 1 to {LONGEST_CODE} characters")
    return pattern


def require_room(
    pattern: CodePattern, requested: int, produced: int = 0, path: str = ".code_config"
) -> None:
    """Refuse a request for more codes than a pattern has.

    Shapes: produced counts the codes made earlier from the same pattern.
    Raises: DefinitionError with the key invalid_code_config.
    """
    left = pattern.capacity - produced
    if requested > left:
        raise DefinitionError(path, f"has room for {left} more codes, not for {requested}", _KEY)


def draw(pattern: CodePattern, count: int, random_bytes: RandomBytes) -> list[str]:
    """Draw codes, each character independently and uniformly.

    Shapes: random_bytes(n) gives n bytes from a secure source; codes may repeat one another, so
        the caller inserts what is new and draws again for the rest.
    """
    length, template = pattern.length, pattern._template
    if not length:
        return [template % ()] * count
    characters = iter(_characters(pattern.charset, count * length, random_bytes))
    # The same iterator `length` times: zip takes the characters in groups of one code.
    return [template % group for group in zip(*[characters] * length, strict=True)]


def code_at(pattern: CodePattern, number: int) -> str:
    """Return one code of the pattern by its number; each number has another code.

    Shapes: number is from 0 to capacity - 1; code 0 repeats the charset's first character.
    """
    characters: list[str] = []
    for _ in range(pattern.length):
        number, place = divmod(number, len(pattern.charset))
        characters.append(pattern.charset[place])
    return pattern._template % tuple(reversed(characters))


def finished(pattern: CodePattern, codes: Iterable[str], random_bytes: RandomBytes) -> list[str]:
    """Return codes of the pattern as its generator leaves them; without one, as they are.

    Raises: DefinitionError where the generator makes no code, or is no longer there.
    """
    if not pattern.generator:
        return list(codes)
    generator = GENERATORS.find(pattern.generator)
    if generator is None:
        raise DefinitionError(".code_config.generator", "is not installed", _KEY)

    def below(limit: int) -> int:
        # Sixteen bytes leave no number likelier than another by anything that could be noticed.
        return int.from_bytes(random_bytes(16)) % limit

    made = [generator(code, below) for code in codes]
    if not all(0 < len(code) <= LONGEST_CODE for code in made):
        text = f"makes codes that don't have 1 to {LONGEST_CODE} characters"
        raise DefinitionError(".code_config.generator", text, _KEY)
    return made


def _characters(charset: str, count: int, random_bytes: RandomBytes) -> str:
    # Bytes beyond the last whole repetition of the charset are thrown away: keeping them would
    # make its first characters likelier. All steps run in C: 800,000 characters take milliseconds.
    repetitions = _LARGEST_CHARSET // len(charset)
    table = charset * repetitions
    surplus = bytes(range(len(table), _LARGEST_CHARSET))
    drawn = ""
    while len(drawn) < count:
        missing = count - len(drawn)
        kept = random_bytes(missing * _LARGEST_CHARSET // len(table) + 1).translate(None, surplus)
        drawn += codecs.charmap_decode(kept[:missing], "strict", table)[0]
    return drawn


def _pattern(fields: Fields) -> str:
    pattern = fields.text("pattern")
    if pattern is not None:
        return pattern
    length = fields.whole("length")
    if length is not None and not 0 < length <= LONGEST_CODE:
        raise fields.error("length", f"must be from 1 to {LONGEST_CODE}")
    return "#" * (length or DEFAULT_LENGTH)


def _generator(fields: Fields) -> str:
    name = fields.text("generator") or ""
    if name and GENERATORS.find(name) is None:
        raise fields.error("generator", one_of(tuple(GENERATORS)))
    return name


def _charset(fields: Fields, default: str, is_case_sensitive: bool) -> str:
    sent = fields.text("charset")
    chosen = default if sent is None else sent
    chosen = CHARSETS.get(chosen, chosen)
    folded = {
        character if is_case_sensitive else character.casefold(): character
        for character in reversed(chosen)
    }
    charset = "".join(reversed(folded.values()))
    if not charset or not charset.isprintable() or " " in charset:
        raise fields.error("charset", "must hold printable characters other than blanks")
    if len(charset) > _LARGEST_CHARSET:
        raise fields.error("charset", f"must hold at most {_LARGEST_CHARSET} characters")
    return charset
