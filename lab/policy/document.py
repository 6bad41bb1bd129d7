"""Policy documents as trees, whose elements know where they stand.

Two forms mean the same: well-formed XML (`xml`), and what is pasted into the portal (`rawxml`), in which quotes and
angle brackets stand bare inside expressions. `{{named-value}}` is replaced as text before anything is parsed.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from xml.parsers import expat
from xml.sax.saxutils import escape

QUOTE = {'"': "&quot;"}
NAMED_VALUE = re.compile(r"\{\{([\w.-]+)\}\}")
OPENING = re.compile(r"""(?<=["'>\s])@[({]""")
CLOSING = {"(": ")", "{": "}"}
SKIPPED = re.compile(
    r"""@"(?:[^"]|"")*"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|/\*.*?\*/|//[^\n]*""",
    re.DOTALL,
)
"""Parts of C# in which a bracket is none: strings, characters, comments."""
ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+);)")


class PolicyError(ValueError):
    """A document that is not run: `orders.xml line 12: statement cache-lookup is not supported`."""

    def __init__(self, document: str, line: int, what: str) -> None:
        """Name the place and the cause."""
        super().__init__(f"{document} line {line}: {what}")
        self.what = what


class Form(StrEnum):
    """How a document is written."""

    XML = "xml"
    RAW = "rawxml"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a document.

    Attributes:
        text: character data directly inside it, comments left out.
    """

    tag: str
    attributes: Mapping[str, str]
    document: str
    line: int
    text: str = ""
    children: tuple["Element", ...] = ()

    def refuse(self, what: str) -> PolicyError:
        """The error for what cannot be run in this place."""
        return PolicyError(self.document, self.line, what)


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: Mapping[str, str]
    line: int
    text: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)


def parse(text: str, *, document: str, form: Form, named_values: Mapping[str, str]) -> Element:
    """The root element of a document.

    Raises:
        PolicyError: it is not well-formed, or names a named value that does not exist.
    """
    content, swallowed = filled(text.removeprefix("\ufeff"), document, form, named_values)
    parser = expat.ParserCreate("utf-8")
    stack = [_Open("", {}, 0)]

    def line() -> int:
        return parser.CurrentLineNumber + bisect_left(swallowed, parser.CurrentByteIndex)

    def start(tag: str, attributes: dict[str, str]) -> None:
        stack.append(_Open(tag, attributes, line()))

    def end(_: str) -> None:
        it = stack.pop()
        stack[-1].children.append(
            Element(it.tag, it.attributes, document, it.line, "".join(it.text), tuple(it.children))
        )

    parser.StartElementHandler, parser.EndElementHandler = start, end

    def data(text: str) -> None:
        stack[-1].text.append(text)

    parser.CharacterDataHandler = data
    try:
        parser.Parse(content, True)  # noqa: FBT003
    except expat.ExpatError as error:
        raise PolicyError(document, line(), f"not well-formed: {expat.errors.messages[error.code]}") from None
    return stack[0].children[0]


def filled(text: str, document: str, form: Form, named_values: Mapping[str, str]) -> tuple[bytes, list[int]]:
    """The document as well-formed XML with its named values in place, and where in it a line break is written `&#10;`.

    A line break inside an attribute would reach the expression as a blank, and a `//` comment would not end.
    """
    content, swallowed, last = bytearray(), list[int](), 0
    for start, end in [*(expressions(text) if form is Form.RAW else ()), (len(text), len(text))]:
        content += _valued(text[last:start], document, text.count("\n", 0, last), named_values, escape_xml).encode()
        expression = _valued(text[start:end], document, text.count("\n", 0, start), named_values, str)
        first, *more = escape_expression(expression).split("\n")
        content += first.encode()
        for part in more:
            swallowed.append(len(content))
            content += f"&#10;{part}".encode()
        last = end
    return bytes(content), swallowed


def expressions(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every expression of a raw document; one without an end runs to the end of the document."""
    at = 0
    while found := OPENING.search(text, at):
        comment = text.rfind("<!--", at, found.start())
        if comment >= 0 and text.find("-->", comment, found.start()) < 0:
            at = max(text.find("-->", comment), found.end())
            continue
        at = _end(text, found.end() - 1)
        yield found.start(), at


def _end(text: str, at: int) -> int:
    opening, depth = text[at], 0
    while at < len(text):
        if skipped := SKIPPED.match(text, at):
            at = skipped.end()
            continue
        depth += {opening: 1, CLOSING[opening]: -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            break
    return at


def escape_xml(text: str) -> str:
    """A text as the content of an element or attribute."""
    return escape(text, QUOTE)


def escape_expression(code: str) -> str:
    """An expression of a raw document as the same; entities that stand in it already are left."""
    text = ENTITY.sub("&amp;", code)
    return text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _valued(
    text: str, document: str, lines_before: int, named_values: Mapping[str, str], made: Callable[[str], str]
) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in named_values:
            line = 1 + lines_before + text.count("\n", 0, found.start())
            raise PolicyError(document, line, f"named value {found[1]} does not exist")
        return made(named_values[found[1]])

    return NAMED_VALUE.sub(value, text)
