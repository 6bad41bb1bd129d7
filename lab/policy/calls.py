"""The statements that reach the world outside: requests, the gateway's identity, limits, the caller's token."""

from collections.abc import Awaitable, Callable

from lab.policy.message import Headers, Outgoing
from lab.policy.reading import Reading, Value
from lab.policy.run import Accepted, Fault, Limit, Run
from lab.policy.statements import Change, Perform, Place, body_change, header_change

FORWARD_S = 300
SEND_S = 60
AUTHORIZATION = "Authorization"
MODES = {"new": False, "copy": True}
TEXTS = ("set-url", "set-method")
CHANGES = {"set-header": header_change, "set-body": body_change}
CREDENTIALS = ("authentication-managed-identity", "authentication-certificate")


def forward_request(it: Reading, _: Place) -> Perform:
    """Send the request to the backend; any status is an answer, and no error."""
    timeout_s = it.number("timeout", FORWARD_S)
    it.one_of("follow-redirects", {"false": False}, "false")
    it.done()

    async def performed(run: Run) -> None:
        request = run.request
        run.response = await run.outside.send(
            Outgoing(
                policy="forward-request",
                variable=None,
                method=request.method,
                url=request.url,
                headers=list(request.headers.pairs),
                body=request.body,
                timeout_s=timeout_s,
                checks_certificates=request.backend.checks_certificates,
                certificate=request.certificate,
            )
        )

    return performed


def send_request(it: Reading, place: Place) -> Perform:
    """Send a request of the policy's own; with ignore-error a failure leaves null, and its reason is lost."""
    variable, timeout_s = it.needed("response-variable-name"), it.number("timeout", SEND_S)
    copies, ignores = it.one_of("mode", MODES, "new"), it.flag("ignore-error", default=False)
    build = _outgoing(it, place, variable, timeout_s, copies=copies)
    it.done(children=True)

    async def performed(run: Run) -> None:
        try:
            run.variables[variable] = await run.outside.send(await build(run))
        except Fault:
            if not ignores:
                raise
            run.variables[variable] = None

    return performed


def _outgoing(
    it: Reading, place: Place, variable: str, timeout_s: int, *, copies: bool
) -> Callable[[Run], Awaitable[Outgoing]]:
    texts: dict[str, Value] = {}
    changes: list[Change] = []
    certificate = identity = None
    for child in it.children(*TEXTS, *CHANGES, *CREDENTIALS):
        tag = child.element.tag
        if tag in TEXTS:
            texts[tag] = child.text()
        elif tag in CHANGES:
            changes.append(CHANGES[tag](child))
        elif tag == "authentication-managed-identity":
            identity = _identity(child)
        else:
            certificate = _certificate(child, place)
        child.done(text=True, children=True)
    if not copies and "set-url" not in texts:
        raise it.element.refuse("<send-request> has no <set-url>")

    async def build(run: Run) -> Outgoing:
        request = run.request.copy()
        if not copies:
            request.method, request.headers, request.body = "GET", Headers(), None
        for change in changes:
            change(run, request)
        if identity is not None:
            request.headers.set(AUTHORIZATION, [f"Bearer {await identity(run)}"])
        return Outgoing(
            policy="send-request",
            variable=variable,
            method=texts["set-method"].of(run) if "set-method" in texts else request.method,
            url=texts["set-url"].of(run) if "set-url" in texts else request.url,
            headers=request.headers.pairs,
            body=request.body,
            timeout_s=timeout_s,
            certificate=certificate,
        )

    return build


def _identity(it: Reading) -> Callable[[Run], Awaitable[str]]:
    """The token of authentication-managed-identity; with ignore-error an empty one where there is none."""
    resource, client_id = it.value("resource"), it.literal("client-id")
    ignores = it.flag("ignore-error", default=False)

    async def token(run: Run) -> str:
        try:
            return await run.outside.token(resource.of(run), client_id)
        except Fault:
            if not ignores:
                raise
            return ""

    return token


def managed_identity(it: Reading, _: Place) -> Perform:
    """Replace Authorization by a token of the gateway; where a variable is named, set that and nothing else."""
    identity, variable = _identity(it), it.literal("output-token-variable-name")
    it.done()

    async def performed(run: Run) -> None:
        token = await identity(run)
        if variable is not None:
            run.variables[variable] = token
        else:
            run.request.headers.set(AUTHORIZATION, [f"Bearer {token}"])

    return performed


def client_certificate(it: Reading, place: Place) -> Perform:
    """Show a certificate of the gateway to the backend."""
    certificate = _certificate(it, place)
    it.done()

    async def performed(run: Run) -> None:
        run.request.certificate = certificate

    return performed


def _certificate(it: Reading, place: Place) -> str:
    name = it.needed("certificate-id")
    if place.certificates is not None and name not in place.certificates:
        raise it.element.refuse(f"certificate {name} does not exist")
    return name


def limit(it: Reading, status: int, reason: str, told: str) -> Perform:
    """Count calls by a key, and refuse those over the limit."""
    calls, period_s, key = it.number("calls"), it.number("renewal-period"), it.value("counter-key")
    policy = it.element.tag
    it.done()

    async def performed(run: Run) -> None:
        if not run.outside.admits(Limit(policy=policy, key=key.of(run) or "", calls=calls, period_s=period_s)):
            raise Fault(reason, told, status=status, told=told)

    return performed


def rate_limit_by_key(it: Reading, _: Place) -> Perform:
    """A limit for a short time."""
    return limit(it, 429, "RateLimitExceeded", "Rate limit is exceeded.")


def quota_by_key(it: Reading, _: Place) -> Perform:
    """A limit for a long time."""
    return limit(it, 403, "QuotaExceeded", "Out of call volume quota.")


def validate_azure_ad_token(it: Reading, _: Place) -> Perform:
    """Refuse callers without a token of the tenant for one of the audiences, held by one of the applications."""
    status, told = it.number("failed-validation-httpcode", 401), it.needed("failed-validation-error-message")
    listed: dict[str, tuple[str, ...]] = {}
    for group in it.children("client-application-ids", "audiences"):
        entries = list(group.children("application-id", "audience"))
        for entry in entries:
            entry.done(text=True)
        group.done(children=True)
        listed[group.element.tag] = tuple(entry.element.text.strip() for entry in entries)
    accepted = Accepted(
        tenant=it.needed("tenant-id"),
        audiences=listed.get("audiences", ()),
        applications=listed.get("client-application-ids", ()),
    )
    it.done(children=True)

    async def performed(run: Run) -> None:
        try:
            run.outside.check_token(next(iter(run.request.headers.values(AUTHORIZATION)), None), accepted)
        except Fault as fault:
            raise Fault(fault.reason, fault.message, status=status, told=told) from None

    return performed
