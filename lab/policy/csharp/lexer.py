"""The words of the C# expressions that the interpreter knows."""

import re
from dataclasses import dataclass
from enum import StrEnum

LARGEST_INT = 2**31 - 1
WORDS = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<verbatim>@"(?:[^"]|"")*")
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<operator>\?\?=?|\?\.|&&|\|\||=>|\+\+|--|[-+*/%=!<>]=|[-+*/%<>!?:.,;=(){}\[\]])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "r": "\r", "t": "\t", "0": "\0"}
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)


class ExpressionRefused(Exception):  # noqa: N818 - it becomes a PolicyError, which knows document and line
    """An expression that is not run: what it holds that is not supported."""


class Kind(StrEnum):
    """What a word is."""

    NAME = "name"
    NUMBER = "number"
    STRING = "string"
    OPERATOR = "operator"
    END = "end"


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `value` is that of a number or string."""

    kind: Kind
    text: str
    value: str | int | None = None


def words(code: str) -> list[Word]:
    """The words of an expression, and END; raises ExpressionRefused."""
    found: list[Word] = []
    at = 0
    while at < len(code):
        match = WORDS.match(code, at)
        if match is None:
            raise ExpressionRefused(f"character {code[at]}")
        at = match.end()
        if match.lastgroup != "blank":
            found.append(_word(match))
    return [*found, Word(Kind.END, "the end")]


def _word(match: re.Match[str]) -> Word:
    text = match[0]
    match match.lastgroup:
        case "number":
            if not text.isdecimal() or int(text) > LARGEST_INT:
                raise ExpressionRefused(f"number {text}")
            return Word(Kind.NUMBER, text, int(text))
        case "verbatim":
            return Word(Kind.STRING, text, text[2:-1].replace('""', '"'))
        case "string":
            return Word(Kind.STRING, text, ESCAPE.sub(_unescaped, text[1:-1]))
        case "name":
            return Word(Kind.NAME, text)
    return Word(Kind.OPERATOR, text)


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    if match[2] not in ESCAPES:
        raise ExpressionRefused(f"escape \\{match[2]}")
    return ESCAPES[match[2]]
