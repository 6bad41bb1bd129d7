"""Who may do what: the caller of a token, its role, and the rights that a world takes away."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import jwt

from lab import managed_identity
from lab.azure.errors import AUDIENCES
from lab.azure.knowledge import OPERATOR, PROBE, Azure
from lab.entra import Entra

OPERATOR_CLIENT_ID = "3e4f5a6b-7c8d-4e9f-8a0b-1c2d3e4f5a6b"
OPERATOR_OBJECT_ID = "4f5a6b7c-8d9e-4f0a-9b1c-2d3e4f5a6b7c"
NAMES = {managed_identity.OBJECT_ID: PROBE, OPERATOR_OBJECT_ID: OPERATOR}
"""Who is behind an object id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks; `name` is one of the world's roles, or the object id of somebody who has none."""

    name: str
    client_id: str
    object_id: str


def caller(entra: Entra, token: str) -> Caller | str | None:
    """Whose token it is; the audience of a good token for another API, `None` where it is none."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    audience = str(claims.get("aud"))
    if not entra.vouches_for(token, audience=audience):
        return None
    if audience not in AUDIENCES:
        return audience
    object_id = str(claims.get("oid"))
    client_id = str(claims.get("appid", claims.get("azp")))
    return Caller(name=NAMES.get(object_id, object_id), client_id=client_id, object_id=object_id)


def may(azure: Azure, who: str, action: str, scope: str) -> bool:
    """Whether somebody may do this to that resource."""
    for refusal in azure.refusals:
        below = scope.lower() == refusal.scope.lower() or scope.lower().startswith(f"{refusal.scope.lower()}/")
        if refusal.who == who and _fits(action, refusal.action) and (not refusal.scope or below):
            return False
    role = azure.roles.get(who)
    if role is None:
        return False
    allowed = any(_fits(action, pattern) for pattern in role.actions)
    return allowed and not any(_fits(action, pattern) for pattern in role.not_actions)


def _fits(action: str, pattern: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())
