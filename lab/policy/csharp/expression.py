"""From the form of an expression to what computes it, with the types of C#: what has none is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.policy.csharp import operators
from lab.policy.csharp.lexer import ExpressionRefused
from lab.policy.csharp.members import (
    CONSTRUCTORS,
    INDEXERS,
    METHODS,
    PATTERN,
    PROPERTIES,
    READ_ALIKE,
    ROOT,
    STATIC_METHODS,
    STATIC_PROPERTIES,
    Method,
)
from lab.policy.csharp.operators import NULL_TYPE, Typed, converted
from lab.policy.csharp.semantics import RUNTIME, VALUE_TYPES, not_null, truncated, unboxed
from lab.policy.csharp.syntax import (
    Binary,
    Call,
    Cast,
    Conditional,
    Expression,
    Held,
    IfNotNull,
    Index,
    Literal,
    Member,
    Name,
    New,
    Out,
    Unary,
)
from lab.policy.run import Run

LITERALS: Mapping[type, str] = {str: "string", bool: "bool", int: "int", type(None): NULL_TYPE}


@dataclass(slots=True)
class Frame:
    """Where an expression is computed."""

    run: Run
    locals: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Local:
    """A local of a block, and whether it has a value in this place."""

    type: str
    assigned: bool


class Compiler:
    """Compiles the expressions of one `@( )` or `@{ }`."""

    def __init__(self) -> None:
        """No locals yet."""
        self.locals: dict[str, Local] = {}
        self._held: list[Typed] = []

    def compile(self, it: Expression) -> Typed:
        """What computes the expression; raises ExpressionRefused."""
        match it:
            case Literal(value):
                return Typed(LITERALS[type(value)], lambda _: value)
            case Unary(operator, operand):
                return operators.unary(operator, self.compile(operand))
            case Binary(operator, left, right):
                return operators.binary(operator, self.compile(left), self.compile(right))
            case Conditional(test, then, otherwise):
                return operators.conditional(self.compile(test), self.compile(then), self.compile(otherwise))
            case Cast(kind, operand):
                return self._cast(kind, self.compile(operand))
            case New(kind, arguments):
                return self._new(kind, arguments)
        return self._access(it)

    def _access(self, it: Name | Held | Member | Index | Call | IfNotNull) -> Typed:
        match it:
            case Name(name):
                return self._name(name)
            case Held():
                return self._held[-1]
            case Member():
                return self._member(it)
            case Index():
                return self._index(it)
            case Call():
                return self._call(it)
            case IfNotNull():
                return self._if_not_null(it)

    def _name(self, name: str) -> Typed:
        if name == ROOT:
            return Typed(ROOT, lambda frame: frame.run)
        if name not in self.locals:
            raise ExpressionRefused(f"name {name}")
        if not self.locals[name].assigned:
            raise ExpressionRefused(f"local {name}, which has no value yet")
        return Typed(self.locals[name].type, lambda frame: frame.locals[name])

    def _member(self, it: Member) -> Typed:
        if (path := self._static(it)) is not None:
            if path not in STATIC_PROPERTIES:
                raise ExpressionRefused(path)
            static = STATIC_PROPERTIES[path]
            return Typed(static.type, lambda frame: static.get(frame.run))
        on = self.compile(it.target)
        found = PROPERTIES.get(on.type, {}).get(it.name)
        if found is None:
            raise ExpressionRefused(f"{on.type}.{it.name}")
        return Typed(found.type, lambda frame: found.get(not_null(on.value(frame))))

    def _index(self, it: Index) -> Typed:
        on = self.compile(it.target)
        if on.type not in INDEXERS:
            raise ExpressionRefused(f"{on.type}[...]")
        return self._applied(f"{on.type}[...]", INDEXERS[on.type], on, (it.key,))

    def _static(self, it: Member | Call) -> str | None:
        """`Regex.IsMatch` where the dots begin at a type, `None` where they begin at a value."""
        target = it.target
        names = [it.name]
        while isinstance(target, Member):
            names.append(target.name)
            target = target.target
        if not isinstance(target, Name) or target.name == ROOT or target.name in self.locals:
            return None
        return ".".join((target.name, *reversed(names)))

    def _call(self, it: Call) -> Typed:
        if (path := self._static(it)) is not None:
            if path not in STATIC_METHODS or it.types:
                raise ExpressionRefused(f"{path}(...)")
            return self._applied(path, STATIC_METHODS[path], None, it.arguments)
        on = self.compile(it.target)
        if (on.type, it.name) == ("Variables", "GetValueOrDefault"):
            return self._variable(on, it)
        method = METHODS.get(on.type, {}).get(it.name)
        if method is None or it.types:
            raise ExpressionRefused(f"{on.type}.{it.name}(...)")
        return self._applied(f"{on.type}.{it.name}", method, on, it.arguments)

    def _variable(self, on: Typed, it: Call) -> Typed:
        """`Variables.GetValueOrDefault<T>(name, default)`; of another type than T, a variable counts as missing."""
        if len(it.arguments) != 2:  # noqa: PLR2004
            raise ExpressionRefused("Variables.GetValueOrDefault without a default")
        name, default = (self._argument(each) for each in it.arguments)
        kind = it.types[0] if it.types else default.type
        if kind not in RUNTIME or name.type != "string":
            raise ExpressionRefused(f"Variables.GetValueOrDefault<{kind}>(...)")
        otherwise, is_one = converted(default, kind), RUNTIME[kind]

        def value(frame: Frame) -> Any:
            found = on.value(frame).get(name.value(frame))
            return found if found is not None and is_one(found) else otherwise.value(frame)

        return Typed(kind, value)

    def _argument(self, it: Expression | Out) -> Typed:
        if isinstance(it, Out):
            raise ExpressionRefused(f"out {it.name} in this place")
        return self.compile(it)

    def _applied(self, called: str, method: Method, on: Typed | None, arguments: tuple[Expression | Out, ...]) -> Typed:
        if len(arguments) != len(method.parameters):
            raise ExpressionRefused(f"{called} with {len(arguments)} arguments")
        given: list[Callable[[Frame], Any]] = [] if on is None else [lambda frame: not_null(on.value(frame))]
        out: str | None = None
        for wanted, argument in zip(method.parameters, arguments, strict=True):
            if wanted.startswith("out "):
                out = self._out(argument, wanted.removeprefix("out "))
                continue
            if wanted == PATTERN and not (isinstance(argument, Literal) and READ_ALIKE.fullmatch(str(argument.value))):
                raise ExpressionRefused(f"this pattern of {called}")
            typed = self._argument(argument)
            if wanted == "string!" and typed.type == NULL_TYPE:
                raise ExpressionRefused(f"null as an argument of {called}")
            given.append(converted(typed, "string" if wanted in {"string!", PATTERN} else wanted).value)

        def value(frame: Frame) -> Any:
            result = method.call(*(each(frame) for each in given))
            if out is None:
                return result
            result, frame.locals[out] = result
            return result

        return Typed(method.type, value)

    def _out(self, it: Expression | Out, kind: str) -> str:
        if not isinstance(it, Out):
            raise ExpressionRefused(f"an argument that is not out {kind}")
        if it.declared:
            self.declare(it.name, kind, assigned=True)
        local = self.locals.get(it.name)
        if local is None or local.type != kind:
            raise ExpressionRefused(f"out {it.name}, which is no local of type {kind}")
        local.assigned = True
        return it.name

    def declare(self, name: str, kind: str, *, assigned: bool) -> None:
        """A new local."""
        if name in self.locals or name == ROOT:
            raise ExpressionRefused(f"a second {name}")
        self.locals[name] = Local(kind, assigned)

    def _if_not_null(self, it: IfNotNull) -> Typed:
        on = self.compile(it.target)
        if on.type in VALUE_TYPES:
            raise ExpressionRefused(f"?. of {on.type}, which is never null")
        key = f"?{len(self._held)}"
        self._held.append(Typed(on.type, lambda frame: frame.locals[key]))
        then = self.compile(it.rest)
        self._held.pop()
        if then.type in VALUE_TYPES:
            raise ExpressionRefused(f"?. that gives {then.type}")

        def value(frame: Frame) -> Any:
            frame.locals[key] = on.value(frame)
            return None if frame.locals[key] is None else then.value(frame)

        return Typed(then.type, value)

    def _cast(self, kind: str, operand: Typed) -> Typed:
        if operand.type in {kind, NULL_TYPE} or kind == "object":
            return converted(operand, kind)
        if (operand.type, kind) == ("double", "int"):
            return Typed("int", lambda frame: truncated(operand.value(frame)))
        if (operand.type, kind) == ("int", "double"):
            return converted(operand, "double")
        if operand.type != "object" or kind not in RUNTIME:
            raise ExpressionRefused(f"({kind}) of {operand.type}")
        return Typed(kind, lambda frame: unboxed(kind, operand.value(frame)))

    def _new(self, kind: str, arguments: tuple[Expression | Out, ...]) -> Typed:
        if kind not in CONSTRUCTORS:
            raise ExpressionRefused(f"new {kind}(...)")
        given = [self._argument(each) for each in arguments]
        made = CONSTRUCTORS[kind]
        if not made.takes(tuple(each.type for each in given)):
            raise ExpressionRefused(f"new {kind}({', '.join(each.type for each in given)})")
        return Typed(kind, lambda frame: made.make(*(each.value(frame) for each in given)))
