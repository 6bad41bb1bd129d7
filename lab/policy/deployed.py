"""The policy documents that are deployed: the files of infra/policies, as they are."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from lab.policy.message import Backend
from lab.policy.program import Document, Documents
from lab.policy.run import Scope

FOLDER = Path(__file__).parents[2] / "infra" / "policies"
"""A checkout has it; an installed package does not."""
FRAGMENTS = "fragments/"

type Texts = Mapping[str, str]
"""Documents by the name of their file below infra/policies."""


@cache
def texts() -> Texts:
    """Every document that is deployed: those of the scopes, and the fragments."""
    files = (*FOLDER.glob("*.xml"), *FOLDER.glob(f"{FRAGMENTS}*.xml"))
    read = {file.relative_to(FOLDER).as_posix(): file.read_text(encoding="utf-8") for file in sorted(files)}
    return MappingProxyType(read)


def documents(
    given: Texts,
    api: str,
    *,
    named_values: Mapping[str, str],
    backends: Mapping[str, Backend] | None = None,
    certificates: frozenset[str] = frozenset(),
    operation: str | None = None,
) -> Documents:
    """What the calls of an API run through, or those of one operation of it."""
    files = {Scope.GLOBAL: "global.xml", Scope.API: f"{api}.xml", Scope.OPERATION: f"{api}/{operation}.xml"}
    return Documents(
        policies={scope: Document(name=name, text=given[name]) for scope, name in files.items() if name in given},
        fragments={
            name.removeprefix(FRAGMENTS).removesuffix(".xml"): Document(name=name, text=text)
            for name, text in given.items()
            if name.startswith(FRAGMENTS)
        },
        named_values=named_values,
        backends=backends or {},
        certificates=certificates,
    )
