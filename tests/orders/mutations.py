"""Every check of the app's identity, each with what the code would be without it.

One row removes one check. `before` stands in its file exactly once.
"""

from dataclasses import dataclass

TOKENS, KEYS, GATE, API, SETTINGS = "tokens.py", "keys.py", "identity.py", "api.py", "settings.py"
FUNCTION_KEYS, CERTIFICATES = "function_keys.py", "certificates.py"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One check less.

    Attributes:
        name: what is missing.
        file: of orders_api.
    """

    name: str
    file: str
    before: str
    after: str


def option(name: str) -> str:
    """PyJWT's options with one check switched off."""
    return f'options={{"require": [*TIMES, "iss", "aud"], "{name}": False}},'


CHOSEN = "return await self._checked(credential, presented, role)"
FALLING_BACK = f"try:\n                    {CHOSEN}\n                except Problem:\n                    continue"
READING = "await self._gate.admit(request.headers, Role.READ)\n        "
READER = "self._gate.admit(request.headers, Role.READ)"
OPTIONS = 'options={"require": [*TIMES, "iss", "aud"]},'

OF_TOKENS = (
    Mutation("length", TOKENS, "len(token) > LONGEST_TOKEN or not", "not"),
    Mutation("form", TOKENS, " or not COMPACT_JWS.fullmatch(token):", ":"),
    Mutation("critical extensions", TOKENS, 'if "crit" in header:', "if False:"),
    Mutation("algorithm", TOKENS, 'if header.get("alg") != ALGORITHM:', "if False:"),
    Mutation("key id is visible ASCII of a length", TOKENS, " or not KEY_ID.fullmatch(key_id):", ":"),
    Mutation("key id is text", TOKENS, "not isinstance(key_id, str) or not", "not"),
    Mutation("key is published", TOKENS, "if key is None:", "if False:"),
    Mutation("outage", TOKENS, "raise Problem(Reason.KEYS_UNAVAILABLE) from None", "return None"),
    Mutation("signature", TOKENS, OPTIONS, option("verify_signature")),
    Mutation("expiry", TOKENS, OPTIONS, option("verify_exp")),
    Mutation("beginning", TOKENS, OPTIONS, option("verify_nbf")),
    Mutation("time of issue", TOKENS, OPTIONS, option("verify_iat")),
    Mutation("audience", TOKENS, OPTIONS, option("verify_aud")),
    Mutation("issuer", TOKENS, OPTIONS, option("verify_iss")),
    Mutation("required claims", TOKENS, OPTIONS, ""),
    Mutation("leeway of a minute", TOKENS, "LEEWAY_S = 60", "LEEWAY_S = 600"),
    Mutation("one audience", TOKENS, 'text(claims, "aud")', "pass"),
    Mutation("whole seconds", TOKENS, "if any(type(claims[name]) is not int for name in TIMES):", "if False:"),
    Mutation("lifetime", TOKENS, 'if claims["exp"] - claims["iat"] > LONGEST_LIFETIME_S:', "if False:"),
    Mutation("version", TOKENS, 'if claims.get("ver") != version:', "if False:"),
    Mutation("tenant", TOKENS, 'if claims.get("tid") != self._settings.tenant_id:', "if False:"),
    Mutation("scopes", TOKENS, '"scp" in claims or claims', "claims"),
    Mutation("type of identity", TOKENS, ' or claims.get("idtyp", "app") != "app":', ":"),
    Mutation("client", TOKENS, "if self._settings.allowed_clients.isdisjoint((client_id, object_id)):", "if False:"),
    Mutation("claims are text", TOKENS, "not isinstance(value, str) or not value:", "not value:"),
    Mutation("claims are not empty", TOKENS, "not isinstance(value, str) or not value:", "not isinstance(value, str):"),
    Mutation("roles are a list", TOKENS, "not isinstance(names, list) or not", "not"),
    Mutation("roles are text", TOKENS, " or not all(isinstance(name, str) for name in names):", ":"),
    Mutation("each member once", TOKENS, "if len(table) < len(members):", "if False:"),
    Mutation("numbers are JSON's", TOKENS, "parse_constant=_no_number,", ""),
    Mutation("UTF-8", TOKENS, '.decode("utf-8"),', ","),
    Mutation("parts are objects", TOKENS, "if not isinstance(document, dict):", "if False:"),
    Mutation("nesting", TOKENS, "except (ValueError, RecursionError):", "except ValueError:"),
    Mutation("scheme", TOKENS, 'if scheme.lower() == "bearer" else None', "if token else None"),
    Mutation("scheme in any case", TOKENS, "scheme.lower()", "scheme"),
    Mutation("reason", TOKENS, "raise Problem(reason_of(error)) from error", "raise Problem(Reason.TOKEN_MALFORMED)"),
    Mutation(
        "token stays out of the log",
        TOKENS,
        "header, _ = (",
        'print(token, file=__import__("sys").stderr); header, _ = (',
    ),
)

OF_KEYS = (
    Mutation("purpose of the key", KEYS, 'entry.get("use", "sig") != "sig" or ', ""),
    Mutation("algorithm of the key", KEYS, ' or entry.get("alg", ALGORITHM) != ALGORITHM:', ":"),
    Mutation("length of the key", KEYS, "return key if key.key.key_size >= SHORTEST_KEY_BITS else None", "return key"),
    Mutation("issuer of the key", KEYS, 'if "issuer" in entry and issuer not in issuers:', "if False:"),
    Mutation("issuer may be missing", KEYS, 'if "issuer" in entry and issuer', "if issuer"),
    Mutation("issuer with a placeholder", KEYS, '.replace("{tenantid}", tenant_id)', ""),
    Mutation("key id of the key", KEYS, "not isinstance(key_id, str) or key is None", "key is None"),
    Mutation("one key an id", KEYS, "if key_id in keys and keys[key_id].key != key.key:", "if False:"),
    Mutation("the same key twice", KEYS, "if key_id in keys and keys[key_id].key != key.key:", "if key_id in keys:"),
    Mutation("public half only", KEYS, '{name: entry[name] for name in ("kty", "n", "e")}', "dict(entry)"),
    Mutation("a set without keys", KEYS, "if not keys.keys() - ambiguous:", "if False:"),
    Mutation("redirects", KEYS, "follow_redirects=False", "follow_redirects=True"),
    Mutation("status", KEYS, "response.raise_for_status()", "pass"),
    Mutation("size", KEYS, "if len(document) > LARGEST_DOCUMENT:", "if False:"),
    Mutation("packing", KEYS, "response.aiter_raw()", "response.aiter_bytes()"),
    Mutation("nesting of the set", KEYS, "ValueError, RecursionError)", "ValueError)"),
    Mutation("addresses that are none", KEYS, "httpx.InvalidURL, ", ""),
    Mutation("a CA bundle that is not there", KEYS, "OSError, ", ""),
    Mutation("trust for a day", KEYS, "if self._age_s() >= TRUSTED_FOR_S:", "if False:"),
    Mutation("refresh", KEYS, "if self._age_s() >= REFRESHED_AFTER_S:", "if False:"),
    Mutation("use of what is known", KEYS, "if key and self._age_s() < REFRESHED_AFTER_S:", "if key:"),
    Mutation("pause between unknown keys", KEYS, " or now - self._searched_at < UNKNOWN_KEY_PAUSE_S:", ":"),
    Mutation("search for unknown keys", KEYS, "self._searched_at = now\n        return True", "return False"),
    Mutation("pause in an outage", KEYS, "return now - self._failed_at >= RETRY_PAUSE_S", "return True"),
    Mutation("outage or unknown", KEYS, "if key is None and self._failed_at is not None:", "if False:"),
    Mutation("most that wait", KEYS, "if self._keys and self._waiting >= MOST_WAITING:", "if False:"),
    Mutation("all of a cold start wait", KEYS, "if self._keys and self._waiting", "if self._waiting"),
    Mutation(
        "known keys do not wait", KEYS, "if not (key and self._age_s() < TRUSTED_FOR_S and self._waiting):", "if True:"
    ),
    Mutation("one fetch at a time", KEYS, "async with self._lock:", "if True:"),
)

OF_THE_GATE = (
    Mutation("role", GATE, "if role not in caller.roles:", "if False:"),
    Mutation("first credential decides", GATE, CHOSEN, FALLING_BACK),
    Mutation("challenge", GATE, "problem.challenge = challenge(", "problem.challenge = None and challenge("),
    Mutation(
        "challenge for tokens only", GATE, "if any(isinstance(kind, Tokens) for kind in self._credentials):", "if True:"
    ),
    Mutation("challenge by what came", GATE, "token_came=isinstance(credential, Tokens)", "token_came=True"),
    Mutation("nothing configured", GATE, "Reason.NOTHING_ACCEPTED if self._settings.untouched else ", ""),
)

OF_THE_API = (
    Mutation("gate of the list", API, f"{READING}continuation =", "continuation ="),
    Mutation("gate of an order", API, f"{READING}order =", "order ="),
    Mutation("gate of a new order", API, "self._gate.admit(request.headers, Role.WRITE)", READER),
)

OF_FUNCTION_KEYS = (
    Mutation("key", FUNCTION_KEYS, "if not any(matches):", "if False:"),
    Mutation("each key", FUNCTION_KEYS, "if not any(matches):", "if not all(matches):"),
    Mutation(
        "blanks of a key",
        FUNCTION_KEYS,
        'key.encode("utf-8", "surrogatepass")',
        'key.strip().encode("utf-8", "surrogatepass")',
    ),
    Mutation("text that is no UTF-8", FUNCTION_KEYS, 'key.encode("utf-8", "surrogatepass")', "key.encode()"),
    Mutation("empty header", FUNCTION_KEYS, "return headers.get(HEADER)", "return headers.get(HEADER) or None"),
    Mutation("name that is no secret", FUNCTION_KEYS, "{digest.hex()[:SUBJECT_DIGITS]}", "{key}"),
    Mutation(
        "key stays out of the log",
        FUNCTION_KEYS,
        "matches = [",
        'print(key, file=__import__("sys").stderr); matches = [',
    ),
)

OF_CERTIFICATES = (
    Mutation("length of the header", CERTIFICATES, "if len(header) > LONGEST_HEADER:", "if False:"),
    Mutation("one spelling", CERTIFICATES, 'if base64.b64encode(der).decode("ascii") != header:', "if False:"),
    Mutation("what cannot be read", CERTIFICATES, "except UNREADABLE:", "except ValueError:"),
    Mutation(
        "extensions that cannot be read",
        CERTIFICATES,
        "certificate.subject, certificate.extensions",
        "certificate.subject",
    ),
    Mutation(
        "subject that cannot be read",
        CERTIFICATES,
        "certificate.subject, certificate.extensions",
        "certificate.extensions",
    ),
    Mutation("end", CERTIFICATES, "if now > certificate.not_valid_after_utc:", "if False:"),
    Mutation("beginning of a certificate", CERTIFICATES, "if now < certificate.not_valid_before_utc:", "if False:"),
    Mutation("authorities are no clients", CERTIFICATES, "is_authority(certificate) or ", ""),
    Mutation("usage of a listed one", CERTIFICATES, " or is_for_client(certificate) is False:", ":"),
    Mutation("list of thumbprints", CERTIFICATES, "if thumbprint not in self._settings.thumbprints:", "if False:"),
    Mutation("no issuers", CERTIFICATES, "if not self._settings.issuers:", "if False:"),
    Mutation("usage of an issued one", CERTIFICATES, "if not is_for_client(certificate):", "if False:"),
    Mutation(
        "issuer's signature",
        CERTIFICATES,
        "except VerificationError:\n            raise Problem(Reason.CERTIFICATE_UNTRUSTED) from None",
        ("except VerificationError:\n            return"),
    ),
    Mutation("issuer's dates", CERTIFICATES, ".time(now)", ".time(certificate.not_valid_before_utc)"),
    Mutation("names", CERTIFICATES, "if self._settings.names.isdisjoint(names):", "if False:"),
    Mutation("case of names", CERTIFICATES, "subject.value.lower() for", "subject.value for"),
    Mutation(
        "certificate stays out of the log",
        CERTIFICATES,
        "certificate = read(header)\n",
        'certificate = read(header)\n        print(header, file=__import__("sys").stderr)\n',
    ),
)

OF_SETTINGS = (
    Mutation("faults", SETTINGS, "if not good:", "if False:"),
    Mutation("faults shut out all", SETTINGS, "if reader.faults else settings", "if untouched else settings"),
    Mutation(
        "unresolved references", SETTINGS, " and not any(key.lower().startswith(UNRESOLVED) for key in keys),", ","
    ),
    Mutation("references in any case", SETTINGS, "key.lower().startswith", "key.startswith"),
    Mutation("form of keys", SETTINGS, "_each(keys, KEY) and not", "keys and not"),
    Mutation("keys stay out of the log", SETTINGS, 'resolves to one",\n        shown=False,', 'resolves to one",'),
    Mutation("default of roles", SETTINGS, "else {Role.READ}", "else {Role.READ, Role.WRITE}"),
    Mutation("known roles", SETTINGS, "self.check(key, known and known == names,", "self.check(key, known,"),
    Mutation("some role", SETTINGS, "names = self.listed(key) if self.has(key) else", "names = self.listed(key) or"),
    Mutation("form of thumbprints", SETTINGS, "_each(thumbprints, THUMBPRINT) if by_list", "True if by_list"),
    Mutation("thumbprints or issuers", SETTINGS, "if by_list else by_issuer", "if by_list else True"),
    Mutation("issuers can be read", SETTINGS, "issuers or not by_issuer", "True"),
    Mutation(
        "issuers are authorities", SETTINGS, "return tuple(found) if all(entitled) else ()", "return tuple(found)"
    ),
    Mutation("names beside issuers", SETTINGS, "_each(names, DNS_NAME) if by_issuer", "True if by_issuer"),
    Mutation("no names without issuers", SETTINGS, "if by_issuer else not names", "if by_issuer else True"),
    Mutation("TLS ends at the platform: said", SETTINGS, "reader.text(TLS_TERMINATED_BY) == APP_SERVICE and ", ""),
    Mutation("TLS ends at the platform: seen", SETTINGS, " and reader.has(APP_SERVICE_INSTANCE),", ","),
    Mutation("TLS for the keys", SETTINGS, "not jwks_url or _is_trustworthy(jwks_url)", "True"),
    Mutation("addresses that httpx takes", SETTINGS, "httpx.URL(url)  #", "#"),
    Mutation(
        "form of the tenant",
        SETTINGS,
        "reader.check(TENANT_ID, GUID.fullmatch(tenant_id),",
        "reader.check(TENANT_ID, True,",
    ),
    Mutation("form of audiences", SETTINGS, "_each(audiences, GUID, APP_ID_URI)", "audiences"),
    Mutation("form of clients", SETTINGS, "_each(allowed_clients, GUID)", "allowed_clients"),
    Mutation("some value", SETTINGS, "return bool(values) and all(", "return all("),
)

MUTATIONS = (*OF_TOKENS, *OF_KEYS, *OF_THE_GATE, *OF_THE_API, *OF_FUNCTION_KEYS, *OF_CERTIFICATES, *OF_SETTINGS)
