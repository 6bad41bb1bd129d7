"""One element of a document being read: everything in it must be understood, or the document is refused."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lab.policy.csharp import value as csharp
from lab.policy.csharp.lexer import ExpressionRefused
from lab.policy.document import Element
from lab.policy.run import Run

BOOLEANS = {"true": True, "false": False}
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Value:
    """A value that may be an expression; `literal` = it is none."""

    of: Callable[[Run], Any]
    literal: str | None = None


class Reading:
    """An element, and which of its attributes have been read."""

    def __init__(self, element: Element) -> None:
        """Nothing has been read yet, but for the id, which any statement may have."""
        self.element = element
        self.policy_id = element.attributes.get("id")
        self._left = set(element.attributes) - {"id"}

    def literal(self, name: str, default: str | None = None) -> str | None:
        """An attribute that takes no expression here."""
        self._left.discard(name)
        found = self.element.attributes.get(name, default)
        if found is not None and self._is_code(found):
            raise self.element.refuse(f"an expression in {name} of <{self.element.tag}> is not supported")
        return found

    def needed(self, name: str) -> str:
        """An attribute that must be there and takes no expression here."""
        found = self.literal(name)
        if found is None:
            raise self.element.refuse(f"<{self.element.tag}> has no {name}")
        return found

    def one_of[T](self, name: str, allowed: Mapping[str, T], default: str | None = None) -> T:
        """An attribute with a closed set of values."""
        found = self.literal(name, default)
        if found is None or found not in allowed:
            raise self.element.refuse(f"{name}={found!r} of <{self.element.tag}> is not supported")
        return allowed[found]

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`."""
        return self.one_of(name, BOOLEANS, "true" if default else "false")

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number above 0."""
        found = self.literal(name, None if default is None else str(default))
        if found is None or not found.isdecimal() or int(found) < 1:
            raise self.element.refuse(f"{name}={found!r} of <{self.element.tag}> is no whole number above 0")
        return int(found)

    def value(self, name: str, kind: str | None = "string") -> Value:
        """An attribute that must be there and may be an expression of that type (any type: `None`)."""
        self._left.discard(name)
        if name not in self.element.attributes:
            raise self.element.refuse(f"<{self.element.tag}> has no {name}")
        return self._compiled(self.element.attributes[name], kind)

    def text(self, *, blanks: bool = False) -> Value:
        """The element's text, which may be an expression; `blanks` = white space around a literal is part of it."""
        return self._compiled(self.element.text if blanks else self.element.text.strip(), "string")

    def _compiled(self, given: str, kind: str | None) -> Value:
        if not self._is_code(given):
            return Value(lambda _: given, given)
        found = self._code(given)
        if kind not in {None, found.type}:
            shown = " ".join(given.split())[:LONGEST_SHOWN]
            raise self.element.refuse(f"expression {shown} gives {found.type} where {kind} is needed")
        return Value(found.of)

    def _code(self, given: str) -> csharp.Value:
        try:
            return csharp.compiled(given)
        except ExpressionRefused as refused:
            shown = " ".join(given.split())[:LONGEST_SHOWN]
            raise self.element.refuse(f"expression {shown}: {refused} is not supported") from None

    def _is_code(self, given: str) -> bool:
        try:
            return csharp.is_code(given)
        except ExpressionRefused as refused:
            raise self.element.refuse(f"{refused} is not supported") from None

    def children(self, *tags: str) -> Iterator["Reading"]:
        """The elements inside, of these kinds and no other."""
        for child in self.element.children:
            if child.tag not in tags:
                raise child.refuse(f"<{child.tag}> in <{self.element.tag}> is not supported")
            yield Reading(child)

    def done(self, *, text: bool = False, children: bool = False) -> None:
        """Nothing may be left: no attribute, and no text or children but where the statement has read them."""
        for name in sorted(self._left):
            raise self.element.refuse(f"attribute {name} of <{self.element.tag}> is not supported")
        if not text and self.element.text.strip():
            raise self.element.refuse(f"text in <{self.element.tag}> is not supported")
        if not children and self.element.children:
            raise self.element.refuse(f"<{self.element.children[0].tag}> in <{self.element.tag}> is not supported")
