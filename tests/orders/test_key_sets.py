from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from lab.entra import TENANT_ID, signing_key
from orders_api.keys import signing_keys

STRANGER = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
V1, V2 = f"https://sts.windows.net/{TENANT_ID}/", f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"
FIRST, SECOND = signing_key(0).key_id, signing_key(1).key_id
PRIVATE = signing_key(0).private


def entry(private: rsa.RSAPrivateKey = PRIVATE, **changes: Any) -> dict[str, Any]:
    """An entry of a key set; `...` leaves a member out."""
    public: dict[str, Any] = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    members = {"kty": "RSA", "use": "sig", "kid": FIRST, "n": public["n"], "e": public["e"], "issuer": V2}
    return {name: value for name, value in (members | changes).items() if value is not ...}


def found(*entries: object) -> set[str]:
    """The ids of the keys in a set of these entries and one that is always good."""
    document = {"keys": [*entries, entry(signing_key(1).private, kid=SECOND)]}
    return {*signing_keys(document, tenant_id=TENANT_ID, issuers=frozenset({V1, V2}))} - {SECOND}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"issuer": V1},
        {"issuer": ...},
        {"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"},
        {"use": ...},
        {"alg": "RS256"},
        {"x5c": ["AAAA"], "x5t": "x", "cloud_instance_name": "microsoftonline.com"},
    ],
)
def test_key_for_signatures_of_the_tenant_is_taken(changes: dict[str, Any]) -> None:
    """As Entra publishes them: with the tenant's issuer, with a placeholder in it, or with none."""
    assert found(entry(**changes)) == {FIRST}


@pytest.mark.parametrize(
    "other",
    [
        entry(issuer=V2.replace(TENANT_ID, STRANGER)),
        entry(issuer="https://login.example.com/{tenantid}/v2.0"),
        entry(issuer=None),
        entry(issuer=[V2]),
        entry(use="enc"),
        entry(alg="RS512"),
        entry(alg="none"),
        entry(kty="oct", k="AAAA"),
        entry(kty="EC", crv="P-256", x="AAAA", y="AAAA"),
        entry(kid=...),
        entry(kid=7),
        entry(n=...),
        entry(n="AQAB"),
        entry(n=7),
        entry(e="AA"),
        entry(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 - too short: the point
        None,
        [FIRST],
    ],
)
def test_other_entry_is_passed_over(other: object) -> None:
    """Another issuer's key, one for another purpose, one too short, and what is no key at all."""
    assert found(other) == set()


def test_two_keys_of_one_id_are_none() -> None:
    """Which of them is meant cannot be said, whatever their order; the same key twice is one."""
    other = entry(signing_key(2).private)
    assert found(entry(), other) == found(other, entry()) == found(other, entry(), other) == set()
    assert found(entry(), entry(issuer=V1)) == {FIRST}


def test_private_key_that_was_published_checks_signatures() -> None:
    """A set with the private half in it is a blunder of the tenant, and no error of the app."""
    private: dict[str, Any] = RSAAlgorithm.to_jwk(signing_key(0).private, as_dict=True)
    keys = signing_keys({"keys": [private | {"kid": FIRST}]}, tenant_id=TENANT_ID, issuers=frozenset({V1, V2}))
    token = jwt.encode({"a": 1}, signing_key(0).private, algorithm="RS256")
    assert jwt.decode(token, keys[FIRST], algorithms=["RS256"]) == {"a": 1}


@pytest.mark.parametrize("document", [None, [], {}, {"keys": []}, {"keys": {}}, {"keys": [{"kty": "oct", "k": "AA"}]}])
def test_document_without_a_signing_key_is_an_error(document: object) -> None:
    """A page that is no key set never empties the set that is known."""
    with pytest.raises(ValueError, match="no RSA signing key"):
        signing_keys(document, tenant_id=TENANT_ID, issuers=frozenset({V1, V2}))
