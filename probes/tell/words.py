"""What an observation says, in a few words on one line.

Much of it came from the network: header values, bodies, the names in certificates. `plain` makes such text harmless to
a terminal and to whoever reads it; nothing of a record is shown without it.
"""

from datetime import datetime, timedelta
from re import compile as pattern

from probes.path import Target
from probes.path.definition import is_private_space
from probes.records import (
    Certificate,
    Connection,
    Credential,
    Exchange,
    Handshake,
    Observation,
    Reading,
    Resolution,
    Token,
)
from probes.tell import readings

LONGEST = 200
LONGEST_EXCERPT = 120
MS_PER_S = 1_000
TENTH_MS = 0.05
"""Half of the last digit shown: what rounds to a second is told in seconds."""
CREDENTIALS = {
    Credential.NONE: "without credentials",
    Credential.TOKEN: "with a token",
    Credential.FOREIGN_TOKEN: "with a token for another audience",
    Credential.OLD_KEY: "with a withdrawn key",
}
COMMON_NAME = pattern(r"(?:^|(?<=[^\\][,+]))CN=(?:\\.|[^\\,+])+")
"""In a distinguished name as RFC 4514 writes it."""
ONE_DAY = timedelta(days=1)


def plain(text: str, longest: int = LONGEST) -> str:
    r"""The text on one line, cut where it is long; what does not print is written out: `\x1b`, `\u202e`.

    That covers escape sequences, line breaks, and the invisible characters that reorder a line (Unicode TR 36).
    """
    cut = text if len(text) <= longest else f"{text[:longest]}..."
    if cut.isprintable():
        return cut
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut)


def says(record: Observation, target: Target, at: datetime, *, after: Observation | None = None) -> str:
    """The record without its step, time and failure.

    Args:
        record: what was observed.
        target: on which target, which says where an address is expected.
        at: when it was made, for what is left of a certificate.
        after: the record told just before, whose CNAME chain need not be told again; `None` = all is told.
    """
    match record:
        case Resolution():
            return _resolution(record, target, after)
        case Connection(address=address, port=port, source_address=source):
            return endpoint(address, port) + (f" from {source}" if source else "")
        case Handshake():
            return _handshake(record, target, at)
        case Exchange(method=method, status=status, reason=reason, credential=credential):
            answer = f" {status} {reason or ''}".rstrip() if status is not None else ""
            return plain(f"{method}{answer}, {CREDENTIALS[credential]}")
        case Token(audience=audience, source=source, expires_at=expires):
            until = f", until {expires:%Y-%m-%d %H:%M}Z" if expires else ""
            return plain(f"{audience} from {source}{until}")
        case Reading():
            return plain(readings.says(record))
    return ""


def failed(record: Observation, longest: int = LONGEST) -> str:
    """The failure's code and what is known beyond it, empty where the step did what it is for."""
    if record.failure is None:
        return ""
    more = record.detail or (record.verify_message if isinstance(record, Handshake) else None)
    return plain(f"{record.failure.value}: {more}" if more else record.failure.value, longest)


def excerpt(record: Observation) -> str:
    """Who answered and how the answer begins, for evidence; empty for anything but an answer."""
    if not isinstance(record, Exchange) or record.status is None:
        return ""
    parts = [f"{name}: {plain(record.headers[name])}" for name in ("server", "location") if name in record.headers]
    if record.body and record.body.strip():
        parts.append(f'body: "{plain(" ".join(record.body.split()), LONGEST_EXCERPT)}"')
    return "; ".join(parts)


def duration(ms: float | None) -> str:
    """Milliseconds for people, empty where they were not measured."""
    if ms is None:
        return ""
    return f"{ms:.1f} ms" if ms < MS_PER_S - TENTH_MS else f"{ms / MS_PER_S:.2f} s"


def counted(number: int, noun: str) -> str:
    """`1 cause`, `3 causes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _resolution(record: Resolution, target: Target, after: Observation | None) -> str:
    question = f" {record.question_type} at {record.server}" if record.server else ""
    by_tcp = " over TCP" if record.transport == "tcp" else ""
    hosts = f" (hosts file: {', '.join(record.hosts_entry)})" if record.hosts_entry else ""
    names = [plain(alias.target) for alias in record.aliases]
    if names and _chain_told(record, after):
        names = ["same CNAME"]
    elif names:
        names[0] = f"CNAME {names[0]}"
    addresses = ", ".join(address_of(address.address, target) for address in record.addresses)
    chain = " -> ".join([*names, addresses] if addresses else names)
    return plain(f"{record.resolver}{question}{by_tcp}") + (f": {chain}" if chain else "") + plain(hosts)


def _chain_told(record: Resolution, after: Observation | None) -> bool:
    """Whether the same server has just answered by the same chain, as it does for A and AAAA."""
    return (
        isinstance(after, Resolution)
        and (after.resolver, after.server) == (record.resolver, record.server)
        and [alias.target for alias in after.aliases] == [alias.target for alias in record.aliases]
    )


def address_of(address: str, target: Target) -> str:
    """The address, and where it does not lie as the path has it."""
    if not target.must_be_private or target.is_private(address):
        return plain(address)
    return f"{plain(address)} ({'unexpected' if is_private_space(address) else 'not private'})"


def _handshake(record: Handshake, target: Target, at: datetime) -> str:
    parts = [record.version] if record.version else []
    if record.server_name != target.host or not (record.version or record.chain):
        parts.insert(0, record.server_name)
    # The issuer matters where it is not believed.
    certificate = [_certificate(record.chain[0], at, issued=record.failure is not None)] if record.chain else []
    return ", ".join([*map(plain, parts), *certificate])


def _certificate(sent: Certificate, at: datetime, *, issued: bool) -> str:
    name = plain(_name(sent.subject) or ", ".join(sent.names) or "without a name")
    issuer = f" issued by {plain(_name(sent.issuer))}" if issued else ""
    return f"certificate {name}{issuer}, {validity(sent, at)}"


def validity(sent: Certificate, at: datetime) -> str:
    """How long a certificate is still good for, or since when it is not."""
    if at < sent.not_before_at:
        return f"valid from {sent.not_before_at:%Y-%m-%d %H:%M}Z"
    left = sent.not_after_at - at
    days = abs(left) / ONE_DAY
    about = counted(round(days), "day") if days >= 1 else counted(round(days * 24), "hour")
    return f"{about} left" if left > timedelta() else f"expired {about} ago"


def _name(distinguished: str) -> str:
    """The common name of a distinguished name, or all of it where it has none."""
    found = COMMON_NAME.search(distinguished)
    return found.group() if found else distinguished


def endpoint(address: str, port: int) -> str:
    """Address and port as a URL has them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
