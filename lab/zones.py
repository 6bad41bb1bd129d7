"""What one name server knows: the internet's records and, over them, the private zones linked to where it stands."""

from collections.abc import Iterable

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from lab.world import NameServer

PAYLOAD = 1232
"""Largest UDP answer offered over EDNS (DNS flag day 2020)."""
LONGEST_CHAIN = 16
"""CNAME records in one answer; a loop ends there, in SERVFAIL as with BIND."""
NEGATIVE_TTL_S = 10
"""Last field of the SOA: how long NXDOMAIN may be kept (RFC 2308); Azure's private zones have 10 seconds."""
SOA = f"azureprivatedns.net. azureprivatedns-host.microsoft.com. 1 3600 300 2419200 {NEGATIVE_TTL_S}"
REDIRECTED = frozenset({dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.CNAME})
"""Types of question that `NxDomainRedirect` asks again of the internet."""


class Records:
    """The records below one name."""

    def __init__(self, origin: str, lines: Iterable[str]) -> None:
        """Read lines of owner, TTL, type and data; relative owners and names stand below `origin`.

        Raises:
            ValueError: naming the line that is none.
        """
        self.origin = dns.name.from_text(origin)
        self._sets: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset] = {}
        self._names = {self.origin}
        for line in lines:
            try:
                owner, ttl, kind, data = line.split(None, 3)
                self._add(owner, int(ttl), kind, data)
            except (ValueError, dns.exception.DNSException) as error:
                message = f"{origin}: {line!r} is no record ({error}); allowed: owner, TTL, type and data"
                raise ValueError(message) from None

    def _add(self, owner: str, ttl_s: int, kind: str, data: str) -> None:
        name = dns.name.from_text(owner, self.origin)
        rdtype = dns.rdatatype.from_text(kind)
        # Names in the data are absolute, with or without the dot: a relative CNAME is a trap nobody needs.
        rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, data, origin=dns.name.root, relativize=False)
        rrset = self._sets.setdefault((name, rdtype), dns.rrset.RRset(name, dns.rdataclass.IN, rdtype))
        rrset.add(rdata, ttl_s)
        while name != self.origin:  # RFC 8020: a name above one that exists, exists
            self._names.add(name)
            name = name.parent()

    def get(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
        """The records of that name and type."""
        return self._sets.get((name, rdtype))

    def __contains__(self, name: dns.name.Name) -> bool:
        """Whether the name exists, with records of its own or as part of a longer name."""
        return name in self._names


class View:
    """The records as one name server sees them."""

    def __init__(self, server: NameServer) -> None:
        """Read the server's records; raises ValueError naming a line that is none."""
        self._public = Records(".", server.public)
        self._zones = [Records(zone.name, zone.records) for zone in server.zones]
        self._falls_back = server.falls_back

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The answer to a query with one question: the whole CNAME chain and where it ends."""
        answer = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
        name, rdtype = query.question[0].name, query.question[0].rdtype
        for _ in range(LONGEST_CHAIN):
            records = self._records_for(name, rdtype)
            alias = records.get(name, dns.rdatatype.CNAME)
            if alias is None or rdtype == dns.rdatatype.CNAME:
                self._end(answer, records, name, rdtype)
                return answer
            answer.answer.append(alias)
            name = alias[0].target
        answer.set_rcode(dns.rcode.SERVFAIL)
        return answer

    def _records_for(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Records:
        """The records that are authoritative for the name: the longest private zone above it, else the internet's."""
        zones = [zone for zone in self._zones if name.is_subdomain(zone.origin)]
        if not zones:
            return self._public
        zone = max(zones, key=lambda zone: len(zone.origin))
        redirected = self._falls_back and name not in zone and rdtype in REDIRECTED
        return self._public if redirected else zone

    def _end(
        self,
        answer: dns.message.Message,
        records: Records,
        name: dns.name.Name,
        rdtype: dns.rdatatype.RdataType,
    ) -> None:
        """Write down the last link of the chain: records, no data, or no such name."""
        found = records.get(name, rdtype)
        if found is not None:
            # One set a record: dnspython shuffles the records of a set, and a lab answers the same every time.
            answer.answer.extend(dns.rrset.from_rdata(name, found.ttl, record) for record in found)
            return
        if name not in records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        if records is not self._public:
            answer.authority.append(dns.rrset.from_text(records.origin, NEGATIVE_TTL_S, "IN", "SOA", SOA))
