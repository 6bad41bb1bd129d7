"""The frame of every page: head, policy, style and script, header and footer."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from urllib.parse import quote

from probes.tell.page.markup import Markup, tag
from probes.tell.page.pieces import SHAPES, symbols

LANGUAGE = "en-GB"
THEMES = {"system": "Auto", "light": "Light", "dark": "Dark"}
INKS = {"good": "#1a6b3c", "bad": "#b3261e", "warn": "#8a5300", "unseen": "#6b3fa0"}
"""Of the page's own small picture, which knows no colours of the style."""


@cache
def read(name: str) -> str:
    """A file of the package."""
    return files("probes.tell.page").joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


STYLE, SCRIPT = "page.css", "page.js"
RULES = {
    "default-src": "'none'",
    "style-src": _hash(read(STYLE)),
    "script-src": _hash(read(SCRIPT)),
    "img-src": "data:",  # the page's own small picture; without one a browser asks the server for it
    "base-uri": "'none'",
    "form-action": "'none'",
}
IN_PAGE = "; ".join(f"{name} {value}" for name, value in RULES.items())
POLICY = f"{IN_PAGE}; frame-ancestors 'none'"
"""Content-Security-Policy of an answer over HTTP. A page's own `meta` cannot forbid that it is framed."""


def page(title: str, look: tuple[str, str], links: dict[str, str], content: Markup, footer: Markup) -> str:
    """A whole document: ASCII only, so that it can be written to any terminal and file. So are style and script.

    Args:
        title: of the window.
        look: symbol and tone of the small picture.
        links: id of a section to its name, in order.
        content: what stands in `main`.
        footer: below it.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=IN_PAGE),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("link", rel="icon", href=picture(*look)),
        tag("style", Markup(read(STYLE))),
    )
    body = tag(
        "body",
        symbols(),
        tag("a", "To the verdict", href="#verdict", class_="skip"),
        _header(links),
        tag("main", content, id="main"),
        tag("footer", footer),
        tag("script", Markup(read(SCRIPT))),
    )
    whole = f"<!DOCTYPE html>\n{tag('html', head, Markup('\n'), body, lang=LANGUAGE)}\n"
    return whole.encode("ascii", "xmlcharrefreplace").decode("ascii")


def picture(symbol: str, tone: str) -> str:
    """The symbol as an address that holds its picture."""
    ink = INKS[tone]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="{ink}"/>'
        f'<path d="{SHAPES[symbol]}" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawn)}"


def _header(links: dict[str, str]) -> Markup:
    listed = [tag("li", tag("a", words, href=f"#{name}")) for name, words in links.items()]
    themes = [
        tag(
            "label", tag("input", type="radio", name="theme", id=f"theme-{name}", checked=name == "system"), f" {words}"
        )
        for name, words in THEMES.items()
    ]
    return tag(
        "header",
        tag("p", "Private path probe", class_="brand"),
        tag("nav", tag("ul", *listed), aria_label="Parts of this page"),
        tag("fieldset", tag("legend", "Colours", class_="away"), *themes, class_="themes"),
    )
