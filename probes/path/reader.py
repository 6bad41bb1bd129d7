"""Reading one untyped table key by key, collecting every problem instead of stopping at the first."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, overload


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one key: where it stands, what it holds, what is allowed."""

    key: str
    value: object
    allowed: str

    def __str__(self) -> str:
        """One line for people."""
        if self.value is MISSING:
            return f"{self.key}: is missing; allowed: {self.allowed}"
        return f"{self.key} = {shown(self.value)}: allowed: {self.allowed}"


class PathError(ValueError):
    """A path file that cannot be used, with all its problems."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        """Raise with the name of the file or setting, and at least one problem."""
        self.source = source
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        super().__init__("\n".join([f"{source}: {count}", *(f"  {problem}" for problem in self.problems)]))


MISSING = object()
LONGEST_SHOWN = 80
DEEPEST_SHOWN = 2
NOT_SHOWN = "[not shown]"
IN_URL = re.compile(r"(?<=//).*(?=@)|(?<==)[^&]+", re.DOTALL)
"""User name and password, and the values of parameters."""
SECRET_KEY = re.compile(r"secret|passw|token|credential|api_?key|connection_?string|^(key|code|sig)$", re.IGNORECASE)
"""Names of no key of a path file, under which somebody may put a secret all the same."""


def shown(value: object, depth: int = 0) -> str:
    """A value as the file may have it, cut where it is long, and without what may be a secret: values in URLs."""
    match value:
        case str():
            text = f'"{IN_URL.sub(NOT_SHOWN, value) if "//" in value or "=" in value else value}"'
        case bool():
            text = str(value).lower()
        case Mapping():
            text = f"{{{', '.join(map(str, value))}}}"
        case list() if depth == DEEPEST_SHOWN:
            text = "[...]"
        case list():
            text = f"[{', '.join(shown(item, depth + 1) for item in value[:LONGEST_SHOWN])}]"
        case int() if value.bit_length() > LONGEST_SHOWN:  # more digits than Python writes out, perhaps
            text = f"a number of {value.bit_length()} bits"
        case _:
            text = repr(value)
    cut = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
    # It ends on a terminal or in a log: what could move a cursor or turn the line is written out.
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut)


class Reader:
    """One table of the file. Every key must be read by its name; `done` reports those that nobody asked for."""

    def __init__(self, table: Mapping[str, Any], problems: list[Problem], where: str = "") -> None:
        """Read `table`, which stands at `where` (`""` = the file itself)."""
        self._table = table
        self._problems = problems
        self._where = where
        self._known: list[str] = []

    def key(self, name: str) -> str:
        """Full name of one key, for messages."""
        return f"{self._where}.{name}" if self._where else name

    def has(self, name: str) -> bool:
        """Whether the key is there, right or wrong."""
        return name in self._table

    def problem(self, name: str, value: object, allowed: str) -> None:
        """Report one key."""
        self._problems.append(Problem(self.key(name), value, allowed))

    @overload
    def read[T](self, name: str, parse: Callable[[Any], T], allowed: str, *, default: T) -> T: ...
    @overload
    def read[T](self, name: str, parse: Callable[[Any], T], allowed: str) -> T | None: ...
    def read[T](self, name: str, parse: Callable[[Any], T], allowed: str, *, default: Any = MISSING) -> T | None:
        """The parsed value; the default where the key is absent.

        `parse` raises ValueError or TypeError for what is not allowed; its own message, where it has one, says more
        than `allowed` does. With a problem on the key the answer is the default or `None`, and reading goes on.
        """
        self._known.append(name)
        value = self._table.get(name, MISSING)
        fallback = None if default is MISSING else default
        if value is MISSING:
            if default is MISSING:
                self.problem(name, MISSING, allowed)
            return fallback
        try:
            return parse(value)
        except (ValueError, TypeError):
            self.problem(name, value, allowed)
            return fallback

    def each[T](self, name: str, parse: Callable[[Any], T], allowed: str, *, default: tuple[T, ...]) -> tuple[T, ...]:
        """The parsed items of a list, each problem naming its place in the list."""
        values = self.read(name, as_list, f"a list of {allowed}", default=None)
        if values is None:
            return default
        parsed: list[T] = []
        for place, value in enumerate(values):
            try:
                parsed.append(parse(value))
            except (ValueError, TypeError):
                self.problem(f"{name}[{place}]", value, allowed)
        return tuple(parsed)

    def table(self, name: str) -> "Reader":
        """A table below this one, empty where it is absent."""
        empty: Mapping[str, Any] = {}
        found = self.read(name, as_table, "a table", default=empty)
        return Reader(found, self._problems, self.key(name))

    def tables(self, name: str) -> list["Reader"]:
        """An array of tables."""
        found = self.each(name, as_table, f"a table ([[{self.key(name)}]])", default=())
        return [Reader(table, self._problems, f"{self.key(name)}[{place}]") for place, table in enumerate(found)]

    def done(self) -> None:
        """Report every key that was not read: a misspelt key must not be lost silently."""
        for name, value in self._table.items():
            if name not in self._known:
                near = get_close_matches(name, self._known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                told = NOT_SHOWN if SECRET_KEY.search(name) else value
                self.problem(name, told, f"{hint}keys here are {', '.join(sorted(self._known))}")


def as_table(value: Any) -> Mapping[str, Any]:
    """A table, or TypeError."""
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def as_list(value: Any) -> list[Any]:
    """A list, or TypeError; a lone value is not taken for a list of one."""
    if not isinstance(value, list):
        raise TypeError
    return value


def as_text(value: Any) -> str:
    """Text that is not blank, or an error."""
    if not isinstance(value, str):
        raise TypeError
    if not value.strip():
        raise ValueError
    return value


def as_bool(value: Any) -> bool:
    """A boolean, or TypeError: 0 and 1 are none."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def number(low: float, high: float) -> Callable[[Any], float]:
    """A parser of numbers from low to high, both included."""

    def parse(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        if not low <= value <= high:
            raise ValueError
        return float(value)

    return parse


def whole(low: int, high: int) -> Callable[[Any], int]:
    """A parser of whole numbers from low to high, both included."""

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError
        if not low <= value <= high:
            raise ValueError
        return value

    return parse
