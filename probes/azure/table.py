"""An object of an answer, read key by key: what is not there is `None` or empty, another type than due is an error."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from probes.azure.answer import ReadError
from probes.azure.resource_id import known
from probes.failure import Failure
from probes.observe.scrub import scrub

LONGEST_TEXT = 2_000
LARGEST_NUMBER = 1e11
"""As in saved sweeps; it leaves out NaN and the infinities, which JSON does not have and Python reads."""


@dataclass(frozen=True, slots=True)
class Table:
    """One object.

    Attributes:
        where: it stands in the answer, for errors.
    """

    content: Mapping[str, Any]
    where: str = ""

    def below(self, *names: str) -> "Table":
        """The object at the end of these keys, empty where any of them is missing."""
        found = self
        for name in names:
            found = table(found.content.get(name), found.place(name))
        return found

    def items(self, name: str) -> tuple["Table", ...]:
        """An array of objects."""
        return tables(self.content.get(name), self.place(name))

    def text(self, name: str) -> str | None:
        """Text that is not empty."""
        return text(self.content.get(name), self.place(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """An array of texts, without empty ones."""
        found = array(self.content.get(name), self.place(name))
        texts = (text(value, f"{self.place(name)}[{place}]") for place, value in enumerate(found))
        return tuple(value for value in texts if value is not None)

    def id(self, name: str = "id") -> str | None:
        """A resource id; `None` also for what is none: an id becomes part of a URL and of a command."""
        found = self.text(name)
        return found if known(found) else None

    def truth(self, name: str) -> bool | None:
        """True or false."""
        value = self.content.get(name)
        if value is not None and not isinstance(value, bool):
            raise wrong(self.place(name), "true or false")
        return value

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.content.get(name)
        if value is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not -LARGEST_NUMBER < value < LARGEST_NUMBER
        ):
            raise wrong(self.place(name), "a number")
        return float(value)

    def whole(self, name: str) -> int | None:
        """A whole number."""
        value = self.number(name)
        if value is not None and not value.is_integer():
            raise wrong(self.place(name), "a whole number")
        return None if value is None else math.trunc(value)

    def words(self, name: str) -> str | None:
        """Text that people wrote, without what looks like a secret."""
        found = self.text(name)
        return None if found is None else scrub(found)

    def place(self, name: str) -> str:
        """Where the key stands."""
        return f"{self.where}.{name}" if self.where else name


def table(value: Any, where: str = "") -> Table:
    """An object, empty where there is none.

    Raises:
        ReadError: it is something else.
    """
    if value is None:
        return Table({}, where)
    if not isinstance(value, Mapping):
        raise wrong(where, "an object")
    return Table(value, where)


def tables(value: Any, where: str = "") -> tuple[Table, ...]:
    """An array of objects; raises as `table`."""
    return tuple(table(item, f"{where}[{place}]") for place, item in enumerate(array(value, where)))


def array(value: Any, where: str) -> list[Any]:
    """An array, empty where there is none; raises as `table`."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(where, "an array")
    return value


def text(value: Any, where: str) -> str | None:
    """Text that is not empty, cut where no real one is as long; raises as `table`."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise wrong(where, "text")
    cut = value[:LONGEST_TEXT]
    # JSON can spell half a surrogate pair, which no file takes.
    return cut if cut.isascii() else cut.encode(errors="replace").decode()


def addresses(*values: str | None) -> tuple[str, ...]:
    """Those that are IP addresses, each once, in their order."""
    return tuple(dict.fromkeys(value for value in values if value is not None and is_address(value)))


def is_address(value: str) -> bool:
    """Whether the text is an IP address."""
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def wrong(where: str, allowed: str) -> ReadError:
    """What to raise of a value that is not what it has to be."""
    return ReadError(Failure.MALFORMED_RESPONSE, f"{where or 'the answer'} is not {allowed}")
