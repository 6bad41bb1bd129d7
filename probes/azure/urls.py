"""URLs as records keep them: where they lead, and none of the keys that people write into them."""

from re import DOTALL
from re import compile as pattern

from probes.observe.scrub import scrub

LONGEST_URL = 500
USER = pattern(r"(?<=//)[^/?#@]*@")
BEHIND = pattern(r"[?#].*", DOTALL)
PARAMETERS = pattern(r"[?&][\w.~-]+=[^&\s\"'<>]*")


def bare_url(url: str | None) -> str | None:
    """The URL without user name, query and fragment."""
    return None if url is None else scrub(BEHIND.sub("", USER.sub("", url)))[:LONGEST_URL]


def bare_expression(expression: str) -> str:
    """An expression that makes a URL, without what stands in a query or before a host within it."""
    return scrub(PARAMETERS.sub("", USER.sub("", expression)))[:LONGEST_URL]
