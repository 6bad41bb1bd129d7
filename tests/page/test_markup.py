"""Elements: text is text, whoever wrote it."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import html  # type: ignore[import-untyped] # ships no types

from probes.tell.page.markup import Markup, joined, tag, text


def test_text_is_escaped_and_markup_is_not() -> None:
    """Once, and not twice."""
    assert tag("p", "a < b & c", tag("b", "'d'")) == "<p>a &lt; b &amp; c<b>&#x27;d&#x27;</b></p>"


def test_what_is_made_of_markup_by_string_methods_is_text_again() -> None:
    """Joined by hand it is escaped: a mistake shows, and opens nothing."""
    assert tag("p", tag("b", "a") + tag("b", "c")) == "<p>&lt;b&gt;a&lt;/b&gt;&lt;b&gt;c&lt;/b&gt;</p>"


def test_what_does_not_print_is_written_out() -> None:
    """Characters that turn a line, end it or speak to a terminal, and half a character, which UTF-8 has no form for."""
    assert text("\u202e\x1b[0m\n\ud800\u200b") == r"\u202e\x1b[0m\n\ud800\u200b"


def test_attributes_are_escaped_and_left_out_where_there_is_nothing() -> None:
    """Bare, absent, with a dash, and with a name that Python has a word for."""
    made = tag("input", class_='"x"', aria_label="a>b", hidden=True, checked=False, id=None)
    assert made == '<input class="&quot;x&quot;" aria-label="a&gt;b" hidden>'


def test_children_of_children_are_children() -> None:
    """Lists in lists, and nothing where there is nothing."""
    assert joined(("a", None, ["b", (tag("i", "c") for _ in range(2))])) == "ab<i>c</i><i>c</i>"


@given(st.text(), st.text())
def test_any_text_comes_back_as_it_was_shown(content: str, value: str) -> None:
    """A reader of HTML sees one element with that text and that attribute, and no more."""
    (found,) = html.fragments_fromstring(tag("p", content, title=value))
    assert isinstance(text(content), Markup)
    assert (found.tag, len(found), found.keys()) == ("p", 0, ["title"])
    assert (found.text or "").isprintable()
    assert found.get("title").isprintable()
