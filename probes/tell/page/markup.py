"""Elements of HTML, escaped by construction: a plain `str` is always text, and only what is made here is markup.

Text from the network passes `probes.tell.words.plain` first: a line break, an escape sequence or a character that turns
the direction of a line (Unicode TR 36) is written out and not obeyed.
"""

from collections.abc import Iterable
from html import escape

from probes.tell.words import plain

LONGEST = 10_000
VOID = frozenset({"br", "input", "link", "meta", "wbr"})
"""Elements without content, which have no end tag."""

type Child = str | Iterable[Child] | None
"""What stands in an element; `None` is nothing."""
type Value = str | int | bool | None
"""Of an attribute: `True` = it stands there bare, `None` and `False` = it does not stand there."""


class Markup(str):
    """HTML that is to be taken as it is. Whatever is made of it by way of `str` is text again, and escaped."""

    __slots__ = ()


def tag(name: str, /, *children: Child, **attributes: Value) -> Markup:
    """An element. `class_` stands for `class`, `aria_label` for `aria-label`; names are ours and never a stranger's."""
    start = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    if name in VOID:
        return Markup(start)
    return Markup(f"{start}{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    """Children one after the other, with nothing between them."""
    return Markup("".join(map(_child, children)))


def text(words: str, longest: int = LONGEST) -> Markup:
    """A stranger's words, harmless."""
    return Markup(escape(plain(words, longest)))


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    return text(child) if isinstance(child, str) else joined(child)


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'
