"""Content codings (RFC 9110 section 8.4.1) of a body: none is asked for, and some servers send one all the same."""

import zlib

WINDOWS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""zlib's wbits by coding; what is called deflate comes with and without the header of zlib."""


def undone(body: bytes, coding: str | None, most: int) -> tuple[bytes, bool]:
    """The start of the body as it was before coding, at most so many bytes, and whether that is all of it.

    A body in no coding known here, or that breaks its own, is left as it came.
    """
    for window in WINDOWS.get((coding or "").strip().lower(), ()):
        decoder = zlib.decompressobj(window)
        try:
            plain = decoder.decompress(body, most)
        except zlib.error:
            continue
        return plain, decoder.eof and not decoder.unconsumed_tail
    return body, True
