"""The statements that change the request or the answer, and those that choose what runs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lab.policy.csharp.semantics import ExpressionError
from lab.policy.message import Answer, Backend, Exists, Request, phrase
from lab.policy.reading import BOOLEANS, Reading, Value
from lab.policy.run import Ended, Failed, Fault, LastError, Run, Scope, Section

THROWN = "ExpressionValueEvaluationFailure"
EXISTS = {each.value: each for each in Exists}
type Perform = Callable[[Run], Awaitable[None]]
type Change = Callable[[Run, Request | Answer], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a statement stands, and what it can refer to there.

    Attributes:
        statements: gives the statements inside an element.
        fragment: gives those of a fragment, for the element that includes it.
    """

    scope: Scope
    section: Section
    backends: Mapping[str, Backend]
    certificates: frozenset[str] | None
    statements: Callable[[Reading], tuple["Statement", ...]]
    fragment: Callable[[Reading, str], tuple["Statement", ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement in its place."""

    tag: str
    policy_id: str | None
    scope: Scope
    section: Section
    perform: Perform


async def perform_all(statements: Sequence[Statement], run: Run) -> None:
    """Run them one after the other.

    Raises:
        Failed: the first that fails; the rest do not run.
        Ended: return-response.
    """
    for it in statements:
        run.trail.append(f"{it.section} {it.scope} {it.tag}")
        try:
            await it.perform(run)
        except (ExpressionError, Fault) as error:
            fault = error if isinstance(error, Fault) else Fault(THROWN, str(error))
            last_error = LastError(
                source=it.tag,
                reason=fault.reason,
                message=fault.message,
                section=it.section,
                scope=it.scope,
                policy_id=it.policy_id,
            )
            raise Failed(last_error, fault) from error


def perform(change: Change) -> Perform:
    """A statement that changes the message of its section."""

    async def performed(run: Run) -> None:
        change(run, run.message)

    return performed


def header_change(it: Reading) -> Change:
    """set-header."""
    name, exists = it.needed("name"), it.one_of("exists-action", EXISTS, "override")
    values = _values(it)
    if (exists is Exists.DELETE) is bool(values):
        raise it.element.refuse(f"exists-action={exists} of <set-header> with {len(values)} values is not supported")
    it.done(children=True)

    def change(run: Run, message: Request | Answer) -> None:
        message.headers.set(name, [value.of(run) or "" for value in values], exists)

    return change


def body_change(it: Reading) -> Change:
    """set-body."""
    value = it.text(blanks=True)
    it.done(text=True)

    def change(run: Run, message: Request | Answer) -> None:
        message.body = (value.of(run) or "").encode()

    return change


def status_change(it: Reading) -> Change:
    """set-status."""
    code, reason = it.value("code", "int"), it.value("reason")
    if code.literal is not None:
        it.number("code")
    it.done()

    def change(run: Run, message: Request | Answer) -> None:
        assert isinstance(message, Answer)  # noqa: S101 - program.py lets it stand nowhere else
        message.status, message.reason = int(code.of(run)), reason.of(run) or ""

    return change


def _values(it: Reading) -> list[Value]:
    values = []
    for child in it.children("value"):
        values.append(child.text())
        child.done(text=True)
    return values


def set_header(it: Reading, _: Place) -> Perform:
    """Change a header of the request or of the answer."""
    return perform(header_change(it))


def set_body(it: Reading, _: Place) -> Perform:
    """Replace the body of the request or of the answer."""
    return perform(body_change(it))


def set_status(it: Reading, _: Place) -> Perform:
    """Change the status of the answer."""
    return perform(status_change(it))


def set_method(it: Reading, _: Place) -> Perform:
    """Change the method of the request."""
    method = it.text()
    it.done(text=True)

    async def performed(run: Run) -> None:
        run.request.method = method.of(run)

    return performed


def set_query_parameter(it: Reading, _: Place) -> Perform:
    """Change a parameter of the request."""
    name, exists, values = it.needed("name"), it.one_of("exists-action", EXISTS, "override"), _values(it)
    it.done(children=True)

    async def performed(run: Run) -> None:
        run.request.query.set(name, [value.of(run) or "" for value in values], exists)

    return performed


def set_variable(it: Reading, _: Place) -> Perform:
    """Keep a value; a literal is kept as a string."""
    name, value = it.needed("name"), it.value("value", None)
    it.done()

    async def performed(run: Run) -> None:
        run.variables[name] = value.of(run)

    return performed


def set_backend_service(it: Reading, place: Place) -> Perform:
    """Choose the backend, by URL or by the id of an entity."""
    name = it.literal("backend-id")
    if name is not None:
        if name not in place.backends:
            raise it.element.refuse(f"backend {name} does not exist")
        it.done()
        backend = place.backends[name]

        async def by_id(run: Run) -> None:
            run.request.backend = backend

        return by_id
    url = it.value("base-url")
    if url.literal is not None and not urlsplit(url.literal).hostname:
        raise it.element.refuse(f"base-url {url.literal} is no URL")
    it.done()

    async def by_url(run: Run) -> None:
        run.request.backend = Backend(url=url.of(run))

    return by_url


def choose(it: Reading, place: Place) -> Perform:
    """Run the statements of the first branch whose condition holds."""
    branches: list[tuple[Value, tuple[Statement, ...]]] = []
    for branch in it.children("when", "otherwise"):
        if branch.element.tag == "when":
            condition = branch.value("condition", "bool")
            if condition.literal is not None:
                holds = branch.one_of("condition", BOOLEANS)
                condition = Value(lambda _, holds=holds: holds)  # type: ignore[misc]
        else:
            condition = Value(lambda _: True)
        branch.done(children=True)
        branches.append((condition, place.statements(branch)))
    it.done(children=True)

    async def performed(run: Run) -> None:
        for condition, statements in branches:
            if condition.of(run):
                await perform_all(statements, run)
                return

    return performed


def include_fragment(it: Reading, place: Place) -> Perform:
    """Run the statements of a fragment in this place."""
    statements = place.fragment(it, it.needed("fragment-id"))
    it.done()

    async def performed(run: Run) -> None:
        await perform_all(statements, run)

    return performed


def return_response(it: Reading, _: Place) -> Perform:
    """End the call with an answer that begins as 200 and empty."""
    changed = {"set-status": status_change, "set-header": header_change, "set-body": body_change}
    changes = [changed[child.element.tag](child) for child in it.children(*changed)]
    it.done(children=True)

    async def performed(run: Run) -> None:
        answer = Answer(status=200, reason=phrase(200))
        for change in changes:
            change(run, answer)
        run.response = answer
        raise Ended

    return performed
