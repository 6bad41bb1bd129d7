"""Numbers on the command line, each between two limits that the error names."""

from argparse import ArgumentTypeError
from collections.abc import Callable

from probes.tell.words import plain


def seconds(least: float, most: float) -> Callable[[str], float]:
    """Reads seconds, whole or not."""

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = -1.0
        if not least <= found <= most:
            raise ArgumentTypeError(f'"{plain(text)}"; allowed: {least:g} to {most:g} seconds')
        return found

    return read


def whole(least: int, most: int, unit: str) -> Callable[[str], int]:
    """Reads a whole number of units, in ASCII digits."""

    def read(text: str) -> int:
        found = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else least - 1
        if not least <= found <= most:
            raise ArgumentTypeError(f'"{plain(text)}"; allowed: {least} to {most} {unit}, in whole numbers')
        return found

    return read
