"""The place in the README that the bench keeps up to date: all between two markers, and nothing else."""

from pathlib import Path as File

BEGIN = "<!-- bench:begin -->"
END = "<!-- bench:end -->"


class MarkerError(Exception):
    """The file has no one place for the figures."""


def around(file: File) -> tuple[str, str]:
    """What stands before and after the place, the markers with it.

    Raises:
        MarkerError: there is no such file, or no such place in it.
    """
    try:
        text = file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise MarkerError(f"{file} cannot be read: {reason}") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in before + after:
        raise MarkerError(f"{file} must hold {BEGIN} once, and {END} once after it")
    return before + begin, end + after


def write(file: File, block: str) -> None:
    """Put the block in the place; every other byte stays as it is. Raises as `around` does, and writes nothing then."""
    before, after = around(file)
    file.write_bytes(f"{before}\n{block.strip()}\n{after}".encode())
