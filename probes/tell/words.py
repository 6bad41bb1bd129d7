"""What an observation says, in a few words on one line.

Much of it came from the network: header values, bodies, the names in certificates. `plain` makes such text harmless to
a terminal and to whoever reads it; nothing of a record is shown without it.
"""

from datetime import datetime

from probes.records import Certificate, Connection, Credential, Exchange, Handshake, Observation, Resolution, Token

LONGEST = 200
LONGEST_EXCERPT = 120
MS_PER_S = 1_000
CREDENTIALS = {Credential.NONE: "without credentials", Credential.TOKEN: "with a token"}


def plain(text: str, longest: int = LONGEST) -> str:
    r"""The text on one line, cut where it is long; what does not print is written out: `\x1b`, `\u202e`.

    That covers escape sequences, line breaks, and the invisible characters that reorder a line (Unicode TR 36).
    """
    cut = text if len(text) <= longest else f"{text[:longest]}..."
    if cut.isprintable():
        return cut
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut)


def says(record: Observation, at: datetime) -> str:
    """The record without its step, time and failure; `at` is when it was made, for what is left of a certificate."""
    match record:
        case Resolution():
            return _resolution(record)
        case Connection(address=address, port=port, source_address=source):
            return _endpoint(address, port) + (f" from {source}" if source else "")
        case Handshake(server_name=name, version=version, chain=chain):
            leaf = [_certificate(chain[0], at)] if chain else []
            return plain(", ".join([name, *([version] if version else [])])) + "".join(f"; {words}" for words in leaf)
        case Exchange(method=method, status=status, reason=reason, credential=credential):
            answer = f" {status} {reason or ''}".rstrip() if status is not None else ""
            return plain(f"{method}{answer}, {CREDENTIALS[credential]}")
        case Token(audience=audience, source=source, expires_at=expires):
            until = f", until {expires:%Y-%m-%d %H:%M}Z" if expires else ""
            return plain(f"{audience} from {source}{until}")
    return ""


def failed(record: Observation) -> str:
    """The failure's code and what is known beyond it, empty where the step did what it is for."""
    if record.failure is None:
        return ""
    more = record.detail or (record.verify_message if isinstance(record, Handshake) else None)
    return plain(f"{record.failure.value}: {more}" if more else record.failure.value)


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
    return f"{ms:.1f} ms" if ms < MS_PER_S else f"{ms / MS_PER_S:.2f} s"


def counted(number: int, noun: str) -> str:
    """`1 cause`, `3 causes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _resolution(record: Resolution) -> str:
    question = f" {record.question_type} at {record.server}" if record.server else ""
    chain = [alias.target for alias in record.aliases]
    chain += [", ".join(address.address for address in record.addresses)] if record.addresses else []
    alias = "CNAME " if record.aliases else ""
    hosts = f" (hosts file: {', '.join(record.hosts_entry)})" if record.hosts_entry else ""
    by_tcp = " over TCP" if record.transport == "tcp" else ""
    return (
        plain(f"{record.resolver}{question}{by_tcp}")
        + (f": {alias}{' -> '.join(map(plain, chain))}" if chain else "")
        + plain(hosts)
    )


def _certificate(sent: Certificate, at: datetime) -> str:
    name = plain(sent.subject or ", ".join(sent.names) or "certificate without a name")
    if at < sent.not_before_at:
        return f"{name}, valid from {sent.not_before_at:%Y-%m-%d}"
    left = sent.not_after_at - at
    if left.total_seconds() < 0:
        return f"{name}, expired {counted(-left.days - 1, 'day')} ago"
    return f"{name}, {counted(left.days, 'day')} left"


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
