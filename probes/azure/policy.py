"""Where a policy document sends calls (https://learn.microsoft.com/azure/api-management/api-management-policies).

Read as XML without entities and within a size; nothing else of it is kept, for a policy may hold a secret. Nothing in
it is executed: what an expression or a condition decides is told as not decided.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from re import compile as pattern
from typing import Any
from xml.parsers import expat

from probes.azure.answer import ReadError
from probes.azure.expression import expression_of, without_expressions
from probes.azure.urls import bare_expression, bare_url
from probes.failure import Failure
from probes.resources import PolicyBackend, PolicyContent

LONGEST_DOCUMENT = 1_048_576
"""Twice what API Management takes."""
DEEPEST = 100
SENDING = frozenset({"inbound", "backend", "fragment"})
"""Sections whose `set-backend-service` counts; a fragment has none, it is put into them."""
CONDITIONS = frozenset({"choose", "when", "otherwise"})
ROOTS = frozenset({"policies", "fragment"})
NAMED_VALUE = pattern(r"\{\{\s*([\w.-]+)\s*\}\}")
FRAGMENT = pattern(r"[\w-]{1,80}")
"""It becomes part of a URL."""


@dataclass(frozen=True, slots=True)
class Include:
    """A fragment that stands here; `decided` as of a backend."""

    fragment: str
    decided: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """What a token is asked for; it stands in the order of the rest, for a fragment may ask as well."""

    resource: str


type Part = PolicyBackend | Include | Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document as read, before fragments and named values are put in."""

    parts: tuple[Part, ...]
    inherits: bool

    @property
    def fragments(self) -> tuple[str, ...]:
        """Names of those it includes, as far as they can be asked for."""
        found = (part.fragment for part in self.parts if isinstance(part, Include))
        return tuple(dict.fromkeys(name for name in found if FRAGMENT.fullmatch(name)))

    @property
    def named_values(self) -> frozenset[str]:
        """Names of those that say where calls go, or for whom a token is."""
        texts = (part.resource if isinstance(part, Audience) else text_of(part) for part in self.parts)
        return frozenset(name for text in texts for name in NAMED_VALUE.findall(text))


def text_of(part: PolicyBackend | Include) -> str:
    """What a backend says of where calls go."""
    return f"{part.base_url or ''} {part.backend_id or ''}" if isinstance(part, PolicyBackend) else ""


def composed(draft: Draft, scope: str, fragments: Mapping[str, Draft], values: Mapping[str, str]) -> PolicyContent:
    """The content of a policy; a fragment that could not be read is a backend of which nothing is known."""
    parts = tuple(unfolded(draft, fragments, frozenset()))
    return PolicyContent(
        scope=scope,
        backends=tuple(settled(part, values) for part in parts if isinstance(part, PolicyBackend)),
        inherits=draft.inherits,
        identity_audiences=tuple(
            dict.fromkeys(put_in(part.resource, values) for part in parts if isinstance(part, Audience))
        ),
    )


def unfolded(
    draft: Draft, fragments: Mapping[str, Draft], within: frozenset[str]
) -> Iterator[PolicyBackend | Audience]:
    """The parts with those of fragments in their place, each at most once within itself."""
    for part in draft.parts:
        if not isinstance(part, Include):
            yield part
            continue
        inner = None if part.fragment in within else fragments.get(part.fragment)
        if inner is None:
            yield PolicyBackend(base_url=None, backend_id=None, decided=False)
            continue
        for each in unfolded(inner, fragments, within | {part.fragment}):
            if isinstance(each, PolicyBackend) and not part.decided:
                yield PolicyBackend(base_url=each.base_url, backend_id=each.backend_id, decided=False)
            else:
                yield each


def settled(backend: PolicyBackend, values: Mapping[str, str]) -> PolicyBackend:
    """The backend with named values put in; where one is missing it is not known where calls go."""
    url = None if backend.base_url is None else put_in(backend.base_url, values)
    entity = None if backend.backend_id is None else put_in(backend.backend_id, values)
    return PolicyBackend(
        # A value may bring a query of its own; in an expression a question mark is none.
        base_url=bare_url(url) if backend.decided else url,
        backend_id=entity,
        decided=backend.decided and not any(NAMED_VALUE.search(text) for text in (url, entity) if text),
    )


def put_in(text: str, values: Mapping[str, str]) -> str:
    """The text with the values that are known in place of their names."""
    return NAMED_VALUE.sub(lambda found: values.get(found[1], found[0]), text)


def draft(document: Any) -> Draft:
    """What a policy document says.

    Raises:
        ReadError: it is none, or one that nobody writes.
    """
    if not isinstance(document, str) or len(document) > LONGEST_DOCUMENT:
        raise ReadError(Failure.MALFORMED_RESPONSE, "properties.value is not a policy document")
    plain, expressions = without_expressions(document.removeprefix("\ufeff").strip())
    walk = Walk(expressions=expressions)
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = walk.refuse
    parser.StartElementHandler = walk.enter
    parser.EndElementHandler = walk.leave
    try:
        parser.Parse(plain.encode(), True)  # noqa: FBT003 - no keyword: it is the end of the document
    except (expat.ExpatError, UnicodeEncodeError) as error:
        why = f"line {error.lineno}" if isinstance(error, expat.ExpatError) else "its text"
        raise ReadError(Failure.MALFORMED_RESPONSE, f"the policy is no XML ({why})") from None
    return Draft(parts=tuple(walk.parts), inherits=walk.inherits)


@dataclass(slots=True, kw_only=True)
class Walk:
    """The document from its first element to its last."""

    expressions: list[str]
    above: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    inherits: bool = False

    def refuse(self, *_: object) -> None:
        """A document type declares entities, which can be made to grow without end; no policy has one."""
        raise ReadError(Failure.MALFORMED_RESPONSE, "the policy has a document type")

    def enter(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if len(self.above) >= DEEPEST or (not self.above and name not in ROOTS):
            raise ReadError(Failure.MALFORMED_RESPONSE, "the policy is no document of API Management")
        if not SENDING.isdisjoint(self.above):
            self._read(name, attributes)
        self.above.append(name)

    def leave(self, _: str) -> None:
        """An element ends."""
        self.above.pop()

    def _read(self, name: str, attributes: Mapping[str, str]) -> None:
        decided = CONDITIONS.isdisjoint(self.above)
        match name:
            case "base":
                self.inherits = self.inherits or "inbound" in self.above
            case "set-backend-service":
                self.parts.append(self._backend(attributes, decided=decided))
            case "include-fragment":
                self.parts.append(Include(attributes.get("fragment-id", ""), decided))
            case "authentication-managed-identity" if resource := attributes.get("resource"):
                expression = expression_of(resource, self.expressions)
                self.parts.append(Audience(resource if expression is None else bare_expression(expression)))

    def _backend(self, attributes: Mapping[str, str], *, decided: bool) -> PolicyBackend:
        url, entity = attributes.get("base-url"), attributes.get("backend-id")
        made_url = None if url is None else expression_of(url, self.expressions)
        made_entity = None if entity is None else expression_of(entity, self.expressions)
        return PolicyBackend(
            base_url=bare_url(url) if made_url is None else bare_expression(made_url),
            backend_id=entity if made_entity is None else bare_expression(made_entity),
            decided=decided and (url or entity) is not None and made_url is None and made_entity is None,
        )
