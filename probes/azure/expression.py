"""Policy expressions within a policy document as it was written (rawxml), where they are no XML.

    <set-backend-service base-url="@(context.Api.Version == "v1" ? "https://a" : "https://b")" />

They are taken out before the document is parsed, never executed. Where one ends is found by C#'s brackets and quotes.
https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
"""

from re import DOTALL, VERBOSE
from re import compile as pattern

BEGINNING = pattern(r"""<!--(?:.*?-->|.*)|(?<=["'>\s])@[({]""", DOTALL)
"""Of an expression, or of a comment, within which nothing is one. All of a comment without an end is one: each `<!--`
must be looked at only once."""
TOKEN = pattern(
    r"""
      @"(?:[^"]|"")*"               # verbatim text
    | "(?:[^"\\\n]|\\.)*"           # text; quotes within the holes of an interpolated one come in pairs
    | '(?:[^'\\\n]|\\.)+'           # a character
    | //[^\n]* | /\*(?:.*?\*/|.*)   # comments
    | (?P<opening>[(\[{])
    | (?P<closing>[)\]}])
    """,
    DOTALL | VERBOSE,
)
CLOSING = {"(": ")", "[": "]", "{": "}"}
PLACE = pattern(r"@\[([0-9]{1,6})\]")
"""What stands for an expression that was taken out."""


def without_expressions(document: str) -> tuple[str, list[str]]:
    """The document with `@[0]`, `@[1]` in place of expressions, and these in their order.

    One without an end stays: in a document whose expressions are written as XML has them, its quotes are none.
    """
    parts: list[str] = []
    expressions: list[str] = []
    done = 0
    while (found := BEGINNING.search(document, done)) is not None:
        end = found.end() if found.group().startswith("<!--") else end_of(document, found.end() - 1)
        if end is None:
            break
        if found.group().startswith("<!--"):
            parts.append(document[done:end])
        else:
            parts += [document[done : found.start()], f"@[{len(expressions)}]"]
            expressions.append(document[found.start() : end])
        done = end
    return "".join([*parts, document[done:]]), expressions


def end_of(document: str, start: int) -> int | None:
    """Where the bracket at `start` is closed, `None` where it never is."""
    open_: list[str] = []
    for token in TOKEN.finditer(document, start):
        if token["opening"]:
            open_.append(CLOSING[token["opening"]])
        elif token["closing"]:
            if open_.pop() != token["closing"]:
                return None
            if not open_:
                return token.end()
    return None


def expression_of(value: str, expressions: list[str]) -> str | None:
    """The expression that an attribute holds, `None` where it holds none."""
    if found := PLACE.fullmatch(value.strip()):
        place = int(found[1])
        return expressions[place] if place < len(expressions) else value
    return value if value.lstrip().startswith(("@(", "@{")) else None
