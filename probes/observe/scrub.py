"""Keeps secrets and control characters out of what is written down of a response."""

import re

SECRETS = re.compile(
    r"""
      eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}              # JWS and JWE in compact form (RFC 7515, RFC 7516)
    | (?<=bearer\ )[\w.~+/-]{16,}=*                         # any bearer token (RFC 6750)
    | (?:(?<=[?&]code=)|(?<=[?&]sig=))[^&\s"'<>]+                 # function keys and shared access signatures in URLs
    | (?<=accountkey=)[\w+/=]{20,}                          # storage connection strings
    """,
    re.IGNORECASE | re.VERBOSE,
)
REMOVED = "[removed]"
CONTROLS = {code: f"\\x{code:02x}" for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\n\t"}


SHORTEST_BEGINNING = 8
"""Fewer characters of a secret say nothing of it."""


def scrub_cut(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The same for a text that may have been cut in the middle of a secret: its beginning goes as well."""
    for secret in secrets:
        text = text.replace(secret, REMOVED)
        place = len(text) - len(secret)
        while (place := text.find(secret[:SHORTEST_BEGINNING], max(place, 0))) >= 0:
            if secret.startswith(text[place:]):
                text = text[:place] + REMOVED
            place += 1
    return scrub(text)


def scrub(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without the secrets given and whatever looks like one, control characters written out."""
    for secret in secrets:
        text = text.replace(secret, REMOVED)
    return SECRETS.sub(REMOVED, text).translate(CONTROLS)
