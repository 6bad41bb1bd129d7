"""What the parser makes of an expression: its form, before any name in it has a meaning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """`"text"`, `5`, `true`, `null`."""

    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """`context`, a local, or the beginning of a type's name."""

    name: str


@dataclass(frozen=True, slots=True)
class Held:
    """The value before `?.`, which is not null where this is reached."""


@dataclass(frozen=True, slots=True)
class Member:
    """`target.name`."""

    target: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Out:
    """`out name`, an argument that the callee sets; `declared` = `out var name`."""

    name: str
    declared: bool


@dataclass(frozen=True, slots=True)
class Call:
    """`target.name<types>(arguments)`."""

    target: "Expression"
    name: str
    types: tuple[str, ...]
    arguments: tuple["Expression | Out", ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`target[key]`."""

    target: "Expression"
    key: "Expression"


@dataclass(frozen=True, slots=True)
class IfNotNull:
    """`target?.rest`: null where the target is, else the rest, in which Held is the target."""

    target: "Expression"
    rest: "Expression"


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x`, `-x`."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """`x + y`, and `x ?? y` too."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? then : otherwise`."""

    test: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Cast:
    """`(type)x`."""

    type: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class New:
    """`new type(arguments)`."""

    type: str
    arguments: tuple["Expression | Out", ...]


type Expression = Literal | Name | Held | Member | Call | Index | IfNotNull | Unary | Binary | Conditional | Cast | New


@dataclass(frozen=True, slots=True)
class Declare:
    """`type name = value;`; the type `var` is the value's."""

    type: str
    name: str
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Return:
    """`return value;`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class If:
    """`if (test) { ... } else { ... }`."""

    test: Expression
    then: "Block"
    otherwise: "Block"


@dataclass(frozen=True, slots=True)
class Block:
    """Statements one after the other."""

    statements: tuple["Declare | Return | If", ...]
