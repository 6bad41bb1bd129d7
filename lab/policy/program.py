"""The documents of one API as a program: the innermost runs, and `<base />` runs the next outer one in its place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.policy import calls, statements
from lab.policy.document import Element, Form, PolicyError, parse
from lab.policy.message import Answer, Backend, Headers, phrase
from lab.policy.reading import Reading
from lab.policy.run import Ended, Failed, Fault, Run, Scope, Section
from lab.policy.statements import Perform, Place, Statement, perform_all

INBOUND, BACKEND, OUTBOUND, ON_ERROR = Section
BEFORE = frozenset({INBOUND, BACKEND})
ANYWHERE = frozenset(Section)
STATEMENTS: Mapping[str, tuple[frozenset[Section], Callable[[Reading, Place], Perform]]] = {
    "authentication-certificate": (frozenset({INBOUND}), calls.client_certificate),
    "authentication-managed-identity": (frozenset({INBOUND}), calls.managed_identity),
    "choose": (ANYWHERE, statements.choose),
    "forward-request": (frozenset({BACKEND}), calls.forward_request),
    "include-fragment": (ANYWHERE, statements.include_fragment),
    "quota-by-key": (frozenset({INBOUND}), calls.quota_by_key),
    "rate-limit-by-key": (frozenset({INBOUND}), calls.rate_limit_by_key),
    "return-response": (ANYWHERE, statements.return_response),
    "send-request": (ANYWHERE, calls.send_request),
    "set-backend-service": (BEFORE, statements.set_backend_service),
    "set-body": (ANYWHERE - {ON_ERROR}, statements.set_body),
    "set-header": (ANYWHERE, statements.set_header),
    "set-method": (BEFORE, statements.set_method),
    "set-query-parameter": (BEFORE, statements.set_query_parameter),
    "set-status": (frozenset({OUTBOUND, ON_ERROR}), statements.set_status),
    "set-variable": (ANYWHERE, statements.set_variable),
    "validate-azure-ad-token": (frozenset({INBOUND}), calls.validate_azure_ad_token),
}
"""Statements by name: the sections in which they may stand, and what reads them."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """The text of a document; its name is that of its file."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Documents:
    """Everything that a program is made of.

    Attributes:
        policies: by scope; global is always there.
        fragments: by id.
        certificates: ids of the client certificates that the gateway has, `None` = whichever is named.
    """

    policies: Mapping[Scope, Document]
    fragments: Mapping[str, Document] = field(default_factory=dict)
    named_values: Mapping[str, str] = field(default_factory=dict)
    backends: Mapping[str, Backend] = field(default_factory=dict)
    certificates: frozenset[str] | None = None
    form: Form = Form.RAW


class Program:
    """Documents that have been read and understood."""

    def __init__(self, documents: Documents) -> None:
        """Read them.

        Raises:
            PolicyError: one is not well-formed, or holds what is not supported; it names document, line and cause.
        """
        self._documents = documents
        self._given = [scope for scope in Scope if scope in documents.policies]
        self._roots = {scope: self._root(scope) for scope in self._given}
        self._sections = {section: self._section(section, self._given) for section in Section}

    async def run(self, run: Run) -> Answer:
        """The answer to one call."""
        try:
            for section in (INBOUND, BACKEND, OUTBOUND):
                run.sections.append(section)
                if section is OUTBOUND:
                    run.answer()
                await perform_all(self._sections[section], run)
        except Ended:
            pass
        except Failed as failed:
            await self._on_error(run, failed)
        return run.answer()

    async def _on_error(self, run: Run, failed: Failed) -> None:
        run.last_error = failed.error
        run.response = platform_answer(failed.fault, run)
        run.sections.append(ON_ERROR)
        try:
            await perform_all(self._sections[ON_ERROR], run)
        except Ended:
            pass
        except Failed as second:
            run.error_in_on_error = second.error
            run.response = platform_answer(second.fault, run)

    def _root(self, scope: Scope) -> Mapping[str, Element]:
        document = self._documents.policies[scope]
        root = self._parse(document, "policies")
        for child in root.children:
            if child.tag not in set(Section):
                raise child.refuse(f"section <{child.tag}> is not supported")
        sections = {child.tag: child for child in root.children}
        if len(sections) < len(root.children):
            raise root.refuse("a section stands twice")
        for section in Section:
            if section not in sections:
                # A gateway may take it as <base />; that is not documented.
                raise root.refuse(f"section <{section}> is missing")
        return sections

    def _parse(self, document: Document, tag: str) -> Element:
        root = parse(
            document.text,
            document=document.name,
            form=self._documents.form,
            named_values=self._documents.named_values,
        )
        if root.tag != tag:
            raise root.refuse(f"<{root.tag}> where <{tag}> must stand")
        it = Reading(root)
        it.done(children=True)
        return root

    def _section(self, section: Section, scopes: list[Scope]) -> tuple[Statement, ...]:
        """The statements of a section, those of outer scopes in the place of base."""
        *outer, scope = scopes
        it = Reading(self._roots[scope][section])
        it.done(children=True)
        found: list[Statement] = []
        for child in it.element.children:
            if child.tag != "base":
                found.append(self._statement(child, section, scope, ()))
                continue
            Reading(child).done()
            if not outer:
                raise child.refuse("<base /> has no outer document here")
            found += self._section(section, outer)
        return tuple(found)

    def _statement(self, element: Element, section: Section, scope: Scope, within: tuple[str, ...]) -> Statement:
        if element.tag not in STATEMENTS:
            raise element.refuse(f"statement <{element.tag}> is not supported")
        sections, read = STATEMENTS[element.tag]
        if section not in sections:
            raise element.refuse(f"statement <{element.tag}> in {section} is not supported")

        def inside(it: Reading) -> tuple[Statement, ...]:
            return tuple(self._statement(child, section, scope, within) for child in it.element.children)

        def fragment(it: Reading, name: str) -> tuple[Statement, ...]:
            if name not in self._documents.fragments:
                raise it.element.refuse(f"fragment {name} does not exist")
            if name in within:
                raise it.element.refuse(f"fragment {name} includes itself")
            root = self._parse(self._documents.fragments[name], "fragment")
            return tuple(self._statement(child, section, scope, (*within, name)) for child in root.children)

        place = Place(
            scope=scope,
            section=section,
            backends=self._documents.backends,
            certificates=self._documents.certificates,
            statements=inside,
            fragment=fragment,
        )
        it = Reading(element)
        return Statement(tag=element.tag, policy_id=it.policy_id, scope=scope, section=section, perform=read(it, place))


def platform_answer(fault: Fault, run: Run) -> Answer:
    """What the platform answers by itself, and on-error may change."""
    body: dict[str, object] = {"statusCode": fault.status, "message": fault.told}
    if fault.status == 500:  # noqa: PLR2004
        body["activityId"] = str(run.request_id)
    return Answer(
        status=fault.status,
        reason=phrase(fault.status),
        headers=Headers([("Content-Type", "application/json")]),
        body=json.dumps(body).encode(),
    )


__all__ = ["Document", "Documents", "Form", "PolicyError", "Program"]
