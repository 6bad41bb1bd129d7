"""Documents of one API, and what is said of them where they are refused."""

from collections.abc import Mapping

import pytest

from lab.policy.program import Document, Documents, PolicyError, Program
from lab.policy.run import Scope

GLOBAL = "<policies><inbound/><backend><forward-request/></backend><outbound/><on-error/></policies>"
BASES: Mapping[str, str] = {
    name: f"<{name}><base /></{name}>" for name in ("inbound", "backend", "outbound", "on-error")
}


def document(**sections: str) -> str:
    """A document with these sections in place of base alone; `on_error` is on-error. They begin on line 2."""
    given = {
        name.replace("_", "-"): f"<{name.replace('_', '-')}>{text}</{name.replace('_', '-')}>"
        for name, text in sections.items()
    }
    return f"<policies>\n{''.join({**BASES, **given}.values())}\n</policies>"


def refusal(text: str, fragments: Mapping[str, str] | None = None) -> str:
    """What is said of a document called orders.xml."""
    with pytest.raises(PolicyError) as raised:
        Program(
            Documents(
                policies={
                    Scope.GLOBAL: Document(name="global.xml", text=GLOBAL),
                    Scope.API: Document(name="orders.xml", text=text),
                },
                fragments={name: Document(name=f"{name}.xml", text=each) for name, each in (fragments or {}).items()},
            )
        )
    return str(raised.value)
