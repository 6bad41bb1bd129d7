"""What is taken out of everything that is written down of a response."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.observe.scrub import REMOVED, scrub, scrub_cut

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly9vcmRlcnMifQ.c2lnbmF0dXJl"
SEGMENT = st.text(alphabet=st.sampled_from("ABCabc019_-"), min_size=6, max_size=60)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"token {JWT} expired", f"token {REMOVED} expired"),
        (f'{{"access_token":"{JWT}"}}', f'{{"access_token":"{REMOVED}"}}'),
        ("Authorization: Bearer abcdefghijklmnop1234==", f"Authorization: Bearer {REMOVED}"),
        ("BEARER abcdefghijklmnop1234", f"BEARER {REMOVED}"),
        ("https://h/api/x?code=abc123==&page=2", f"https://h/api/x?code={REMOVED}&page=2"),
        ("https://h/c?sv=2&sig=a%2Fb&se=1", f"https://h/c?sv=2&sig={REMOVED}&se=1"),
        ("AccountName=a;AccountKey=QUJDREVGR0hJSktMTU5PUFFSU1RVVg==;", f"AccountName=a;AccountKey={REMOVED};"),
        ("The error code=500 and error codes", "The error code=500 and error codes"),
        ("bearer of bad news", "bearer of bad news"),
        ("x-correlation-id 0123456789abcdef0123456789abcdef", "x-correlation-id 0123456789abcdef0123456789abcdef"),
    ],
)
def test_what_looks_like_a_secret(text: str, left: str) -> None:
    """Tokens, function keys, signatures and account keys go; what only resembles them stays."""
    assert scrub(text) == left


def test_control_characters_are_written_out() -> None:
    """Escape sequences and other controls stay readable and do nothing; line ends and tabs are left."""
    assert scrub("\x1b[31m\x07a\r\n\tb\x9b\x7f") == "\\x1b[31m\\x07a\\x0d\n\tb\\x9b\\x7f"


@given(st.text(max_size=200), st.text(max_size=200), SEGMENT, SEGMENT, SEGMENT)
def test_no_jwt_survives(before: str, after: str, head: str, payload: str, signature: str) -> None:
    """A token in compact form is taken out of any text, without being told of it."""
    token = f"eyJ{head}.{payload}.{signature}"
    assert token not in scrub(f"{before} {token} {after}")


@given(st.text(max_size=300), st.text(min_size=8, max_size=80), st.text(max_size=300))
def test_no_given_secret_survives(before: str, secret: str, after: str) -> None:
    """A secret that is named is taken out wherever it stands, and the result has no control characters."""
    cleaned = scrub(before + secret + after, (secret,))
    assert secret not in cleaned or secret in REMOVED or secret in before + REMOVED + after
    assert all(character in "\n\t" or character.isprintable() or ord(character) > 0x9F for character in cleaned)


@given(st.text(alphabet="abc.", max_size=60), st.text(alphabet="abc", min_size=9, max_size=40), st.integers(8, 40))
def test_no_beginning_of_a_secret_survives_a_cut(before: str, secret: str, kept: int) -> None:
    """A text cut in the middle of a secret does not end in its first part."""
    cleaned = scrub_cut(before + secret[:kept], (secret,))
    assert not any(cleaned.endswith(secret[:length]) for length in range(8, len(secret) + 1))
