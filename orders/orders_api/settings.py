"""What the app accepts, read once from its app settings.

Three kinds of credential; each is accepted if it is configured:

    ORDERS_TENANT_ID        GUID of the Entra tenant that issues the tokens
    ORDERS_AUDIENCES        comma list: the API's client id (v2 tokens) and its App ID URI (v1 tokens)
    ORDERS_ALLOWED_CLIENTS  comma list of GUIDs: client ids or, better, object ids of the identities that may call
    ORDERS_JWKS_URL         optional: where the signing keys are, instead of the tenant's own address

    ORDERS_FUNCTION_KEYS       comma list of function keys, two while one replaces the other; a Key Vault reference
    ORDERS_FUNCTION_KEY_ROLES  optional comma list: what a key opens, Orders.Read by default

    ORDERS_CLIENT_CERTIFICATES         comma list of SHA-256 thumbprints of client certificates
    ORDERS_CLIENT_CERTIFICATE_ISSUERS  instead or as well: PEM of the authorities that issue client certificates
    ORDERS_CLIENT_CERTIFICATE_NAMES    beside the issuers: comma list of DNS names in certificates that may call
    ORDERS_CLIENT_CERTIFICATE_ROLES    optional comma list: what a certificate opens, Orders.Read by default
    ORDERS_TLS_TERMINATED_BY           beside any of these: app-service, where `clientCertEnabled` is on

Without any of them the app runs and refuses every protected call. With only some of a kind, or with a wrong value, it
answers 503 `misconfigured` there, whatever the credential: to guess what was meant would be to let somebody in.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from orders_api.caller import Role

TENANT_ID = "ORDERS_TENANT_ID"
AUDIENCES = "ORDERS_AUDIENCES"
ALLOWED_CLIENTS = "ORDERS_ALLOWED_CLIENTS"
JWKS_URL = "ORDERS_JWKS_URL"
FUNCTION_KEYS = "ORDERS_FUNCTION_KEYS"
FUNCTION_KEY_ROLES = "ORDERS_FUNCTION_KEY_ROLES"
CERTIFICATES = "ORDERS_CLIENT_CERTIFICATES"
CERTIFICATE_ISSUERS = "ORDERS_CLIENT_CERTIFICATE_ISSUERS"
CERTIFICATE_NAMES = "ORDERS_CLIENT_CERTIFICATE_NAMES"
CERTIFICATE_ROLES = "ORDERS_CLIENT_CERTIFICATE_ROLES"
OF_CERTIFICATES = (CERTIFICATES, CERTIFICATE_ISSUERS, CERTIFICATE_NAMES, CERTIFICATE_ROLES)
TLS_TERMINATED_BY = "ORDERS_TLS_TERMINATED_BY"

APP_SERVICE = "app-service"
APP_SERVICE_INSTANCE = "WEBSITE_INSTANCE_ID"
"""Set by App Service on dedicated plans and on Premium. The Functions host knows Flex Consumption and Consumption on
Linux by its absence, and client certificates are not accepted there."""

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
APP_ID_URI = re.compile(r"(api|https)://[A-Za-z0-9._~/-]+")
KEY = re.compile(r"[\x21-\x7e]{32,256}")
UNRESOLVED = "@microsoft.keyvault("
"""How a Key Vault reference begins that the platform could not resolve: it hands over the reference itself."""
THUMBPRINT = re.compile(r"[0-9a-f]{64}")
DNS_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")

UNREADABLE = (ValueError, TypeError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)
"""What `cryptography` raises over a certificate that it cannot make sense of, found by changing bytes of good ones."""
NOT_SHOWN = "(not shown)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """Which tokens are accepted; GUIDs in lower case."""

    tenant_id: str
    audiences: frozenset[str]
    allowed_clients: frozenset[str]
    jwks_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionKeySettings:
    """SHA-256 digests of the function keys, so that nothing here holds a key, and what each of them opens."""

    digests: frozenset[bytes]
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSettings:
    """Which client certificates are accepted; thumbprints and names in lower case."""

    thumbprints: frozenset[str]
    issuers: tuple[x509.Certificate, ...]
    names: frozenset[str]
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is accepted of each kind of credential, None = nothing; of one kind at least, something."""

    tokens: TokenSettings | None
    function_keys: FunctionKeySettings | None
    certificates: CertificateSettings | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One setting that cannot be used: what it holds, secrets left out, and what it may hold."""

    key: str
    value: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.key} is {self.value!r}; allowed: {self.allowed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Settings under which no credential can be accepted.

    Attributes:
        untouched: none of the settings is there, so nobody tried to configure anything.
        faults: by setting, at least one.
    """

    untouched: bool
    faults: tuple[Fault, ...]


def read(environment: Mapping[str, str]) -> Settings | Unusable:
    """The settings, or all that is wrong with them at once."""
    reader = _Reader(environment)
    settings = Settings(
        tokens=_tokens(reader) if reader.has(TENANT_ID, AUDIENCES, ALLOWED_CLIENTS, JWKS_URL) else None,
        function_keys=_function_keys(reader) if reader.has(FUNCTION_KEYS, FUNCTION_KEY_ROLES) else None,
        certificates=_certificates(reader) if reader.has(*OF_CERTIFICATES) else None,
    )
    untouched = not (settings.tokens or settings.function_keys or settings.certificates)
    if untouched:
        # Of all that could be set, the credential of a private path.
        _tokens(reader)
    return Unusable(untouched=untouched, faults=tuple(reader.faults)) if reader.faults else settings


class _Reader:
    """Takes settings out of the environment and notes what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[Fault] = []

    def has(self, *keys: str) -> bool:
        return any(self.text(key) for key in keys)

    def text(self, key: str) -> str:
        return self._environment.get(key, "").strip()

    def listed(self, key: str) -> frozenset[str]:
        return frozenset(part for part in (piece.strip() for piece in self.text(key).split(",")) if part)

    def roles(self, key: str) -> frozenset[Role]:
        """Orders.Read where there is no such setting."""
        names = self.listed(key) if self.has(key) else {Role.READ}
        known = frozenset(role for role in Role if role in names)
        self.check(key, known and known == names, f"a comma list of {', '.join(Role)}")
        return known

    def check(self, key: str, good: object, allowed: str, *, shown: bool = True) -> None:
        if not good:
            value = self._environment.get(key, "") if shown else NOT_SHOWN
            self.faults.append(Fault(key=key, value=value, allowed=allowed))


def _tokens(reader: _Reader) -> TokenSettings:
    tenant_id = reader.text(TENANT_ID).lower()
    # v2 tokens name the audience by a GUID, always in lower case; a URI stands in v1 tokens as it was asked for.
    audiences = frozenset(name.lower() if GUID.fullmatch(name.lower()) else name for name in reader.listed(AUDIENCES))
    allowed_clients = frozenset(client.lower() for client in reader.listed(ALLOWED_CLIENTS))
    jwks_url = reader.text(JWKS_URL)
    reader.check(TENANT_ID, GUID.fullmatch(tenant_id), "a GUID")
    reader.check(AUDIENCES, _each(audiences, GUID, APP_ID_URI), "a comma list of GUIDs and api:// or https:// URIs")
    reader.check(ALLOWED_CLIENTS, _each(allowed_clients, GUID), "a comma list of GUIDs")
    trustworthy = not jwks_url or _is_trustworthy(jwks_url)
    reader.check(JWKS_URL, trustworthy, "an https:// URL (http:// on loopback only) or nothing")
    return TokenSettings(
        tenant_id=tenant_id,
        audiences=audiences,
        allowed_clients=allowed_clients,
        jwks_url=jwks_url or f"https://login.microsoftonline.com/{tenant_id}/discovery/v2.0/keys",
    )


def _function_keys(reader: _Reader) -> FunctionKeySettings:
    keys = reader.listed(FUNCTION_KEYS)
    reader.check(
        FUNCTION_KEYS,
        _each(keys, KEY) and not any(key.lower().startswith(UNRESOLVED) for key in keys),
        "a comma list of keys of 32 to 256 visible ASCII characters, or a Key Vault reference that resolves to one",
        shown=False,
    )
    return FunctionKeySettings(
        digests=frozenset(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest() for key in keys),
        roles=reader.roles(FUNCTION_KEY_ROLES),
    )


def _certificates(reader: _Reader) -> CertificateSettings:
    thumbprints = frozenset(thumbprint.replace(":", "").lower() for thumbprint in reader.listed(CERTIFICATES))
    issuers = _authorities(reader.text(CERTIFICATE_ISSUERS))
    names = frozenset(name.lower() for name in reader.listed(CERTIFICATE_NAMES))
    by_list, by_issuer = reader.has(CERTIFICATES), reader.has(CERTIFICATE_ISSUERS)
    listed = _each(thumbprints, THUMBPRINT) if by_list else by_issuer
    reader.check(CERTIFICATES, listed, f"a comma list of SHA-256 thumbprints, or {CERTIFICATE_ISSUERS}")
    reader.check(CERTIFICATE_ISSUERS, issuers or not by_issuer, "authorities' certificates in PEM", shown=False)
    named = _each(names, DNS_NAME) if by_issuer else not names
    reader.check(CERTIFICATE_NAMES, named, f"a comma list of DNS names beside {CERTIFICATE_ISSUERS}, otherwise nothing")
    reader.check(
        TLS_TERMINATED_BY,
        reader.text(TLS_TERMINATED_BY) == APP_SERVICE and reader.has(APP_SERVICE_INSTANCE),
        f"{APP_SERVICE}, and only there: {APP_SERVICE_INSTANCE} must be set, as it is by App Service",
    )
    return CertificateSettings(
        thumbprints=thumbprints, issuers=issuers, names=names, roles=reader.roles(CERTIFICATE_ROLES)
    )


def _each(values: frozenset[str], *patterns: re.Pattern[str]) -> bool:
    """Whether there are values, and each of them is of one of the forms."""
    return bool(values) and all(any(pattern.fullmatch(value) for pattern in patterns) for value in values)


def _authorities(pem: str) -> tuple[x509.Certificate, ...]:
    """The certificates in the text; none unless each of them may issue others."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
        entitled = [each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for each in found]
    except (*UNREADABLE, x509.ExtensionNotFound):
        return ()
    return tuple(found) if all(entitled) else ()


def _is_trustworthy(url: str) -> bool:
    """Whoever answers at this URL decides which signatures are good, so it is TLS or this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        httpx.URL(url)  # stricter than urlsplit, and it is what fetches the keys
    except (ValueError, httpx.InvalidURL):
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in {"127.0.0.1", "::1"}))
