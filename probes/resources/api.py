"""An API of API Management, its policies and its backends (https://learn.microsoft.com/rest/api/apimanagement)."""

from dataclasses import dataclass

from probes.resources.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiContent(Content):
    """The API that the gateway target's URL belongs to.

    Attributes:
        path: its suffix below the gateway's host.
        service_url: where it goes unless a policy says otherwise.
    """

    kind = "api"

    path: str
    service_url: str | None
    subscription_required: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBackend:
    """A `set-backend-service` of a policy.

    Attributes:
        base_url: with named values put in, without a query; as it stands where an expression makes it.
        backend_id: of a backend entity.
        decided: it is no expression, names no value that could not be read, and stands in no condition: calls really go
            there.
    """

    base_url: str | None
    backend_id: str | None
    decided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyContent(Content):
    """A policy document: where it sends calls, and nothing else of it, for a policy may hold a secret.

    Attributes:
        scope: `service`, `product`, `api`, `operation`; `fragment` of what others include, and then have themselves.
        backends: in their order; the last that applies decides.
        inherits: it holds `<base />` in its inbound section.
        identity_audiences: of its `authentication-managed-identity`.
    """

    kind = "policy"

    scope: str
    backends: tuple[PolicyBackend, ...]
    inherits: bool
    identity_audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBackend:
    """A backend entity of API Management; `None` of a check = the answer does not say, and it is made."""

    name: str
    url: str | None
    validate_chain: bool | None
    validate_name: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendsContent(Content):
    """Its backend entities."""

    kind = "backends"

    backends: tuple[ServiceBackend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticContent(Content):
    """What it sends to Application Insights, of one API or of all.

    Attributes:
        correlation: `None` (the word), `Legacy`, `W3C`.
    """

    kind = "diagnostic"

    correlation: str | None
    sampling_percent: float | None
    always_log: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValue:
    """A named value of API Management; `value` is `None` where it is secret, or is not kept here."""

    name: str
    secret: bool | None
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValuesContent(Content):
    """Those of its named values that policies on the way of the call name where they say where it goes."""

    kind = "named-values"

    values: tuple[NamedValue, ...]
