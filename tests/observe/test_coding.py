"""Content codings nobody asked for: undone where they are known, bounded, and left alone where they are not."""

import gzip
import zlib

import pytest

from probes.observe.coding import undone

PLAIN = b'{"orders": []}'
RAW_DEFLATE = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(PLAIN), "gzip"),
        (gzip.compress(PLAIN), " X-GZIP "),
        (zlib.compress(PLAIN), "deflate"),
        (RAW_DEFLATE.compress(PLAIN) + RAW_DEFLATE.flush(), "deflate"),
        (PLAIN, None),
        (PLAIN, "identity"),
        (PLAIN, "br"),
        (PLAIN, "gzip"),
    ],
)
def test_a_whole_body(body: bytes, coding: str | None) -> None:
    """A body in a known coding is read; one in none, in another, or that only claims it, is left as it came."""
    assert undone(body, coding, 100) == (PLAIN, True)


def test_a_body_that_was_cut() -> None:
    """The start of a coded body gives the start of the text, and says that there was more."""
    text = bytes(range(256)) * 40
    start, whole = undone(gzip.compress(text)[:200], "gzip", 4_096)
    assert text.startswith(start)
    assert start
    assert not whole


def test_a_body_that_grows_without_end() -> None:
    """Fifty megabytes of zeros come out as many bytes as are kept, and no more."""
    body = gzip.compress(bytes(50_000_000))
    assert undone(body, "gzip", 4_096) == (bytes(4_096), False)
