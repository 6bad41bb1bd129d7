"""`@( )` and `@{ }`: an expression of a document, ready to be computed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.policy.csharp.expression import Compiler, Frame
from lab.policy.csharp.lexer import ExpressionRefused
from lab.policy.csharp.operators import NULL_TYPE, Typed, common, converted
from lab.policy.csharp.parser import parse_block, parse_expression
from lab.policy.csharp.semantics import RUNTIME
from lab.policy.csharp.syntax import Block, Declare, If, Return
from lab.policy.run import Run

type Step = Callable[[Frame], "Returned | None"]


@dataclass(frozen=True, slots=True)
class Returned:
    """What `return` gave."""

    value: Any


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a document that is an expression: its type, and what computes it for a call."""

    type: str
    of: Callable[[Run], Any]


def is_code(text: str) -> bool:
    """Whether a value is an expression, as a whole; raises ExpressionRefused where one stands in other text."""
    stripped = text.strip()
    if stripped.startswith(("@(", "@{")):
        return True
    if "@(" in text or "@{" in text:
        raise ExpressionRefused("an expression that is not the whole value")
    return False


def compiled(text: str) -> Value:
    """The expression of a value; raises ExpressionRefused."""
    stripped = text.strip()
    if stripped.startswith("@("):
        if not stripped.endswith(")"):
            raise ExpressionRefused("an expression without its closing parenthesis")
        typed = Compiler().compile(parse_expression(stripped[2:-1]))
        return Value(typed.type, lambda run: typed.value(Frame(run)))
    if not stripped.endswith("}"):
        raise ExpressionRefused("an expression without its closing brace")
    return _function(parse_block(stripped[2:-1]))


def _function(block: Block) -> Value:
    compiler = Compiler()
    returns: list[Typed] = []
    steps = _steps(compiler, block, returns)
    if not _always_returns(block):
        raise ExpressionRefused("a block that may end without return")
    kind = returns[0].type
    for other in returns[1:]:
        kind = common(kind, other.type, "return")

    def of(run: Run) -> Any:
        frame = Frame(run)
        for step in steps:
            if (returned := step(frame)) is not None:
                return float(returned.value) if kind == "double" else returned.value
        raise AssertionError("unreachable: every path returns")

    return Value(kind, of)


def _steps(compiler: Compiler, block: Block, returns: list[Typed]) -> list[Step]:
    known = set(compiler.locals)
    steps = [_step(compiler, each, returns) for each in block.statements]
    for name in set(compiler.locals) - known:
        del compiler.locals[name]
    return steps


def _step(compiler: Compiler, it: Declare | Return | If, returns: list[Typed]) -> Step:
    match it:
        case Return(value):
            typed = compiler.compile(value)
            returns.append(typed)
            return lambda frame: Returned(typed.value(frame))
        case Declare():
            return _declaration(compiler, it)
        case If(test, then, otherwise):
            holds = converted(compiler.compile(test), "bool").value
            before = {name: local.assigned for name, local in compiler.locals.items()}
            yes = _steps(compiler, then, returns)
            after_yes = {name: compiler.locals[name].assigned or _always_returns(then) for name in before}
            for name, assigned in before.items():
                compiler.locals[name].assigned = assigned
            no = _steps(compiler, otherwise, returns)
            for name, assigned in after_yes.items():
                local = compiler.locals[name]
                local.assigned = assigned and (local.assigned or _always_returns(otherwise))
            return lambda frame: next(
                (found for step in (yes if holds(frame) else no) if (found := step(frame)) is not None), None
            )


def _declaration(compiler: Compiler, it: Declare) -> Step:
    if it.value is None:
        if it.type not in {*RUNTIME, "string[]"}:
            raise ExpressionRefused(f"a local of type {it.type}")
        compiler.declare(it.name, it.type, assigned=False)
        return lambda _: None
    typed = compiler.compile(it.value)
    if it.type == "var" and typed.type == NULL_TYPE:
        raise ExpressionRefused("var of null")
    typed = typed if it.type == "var" else converted(typed, it.type)
    compiler.declare(it.name, typed.type, assigned=True)
    name = it.name

    def step(frame: Frame) -> None:
        frame.locals[name] = typed.value(frame)

    return step


def _always_returns(block: Block) -> bool:
    return any(
        isinstance(each, Return)
        or (isinstance(each, If) and _always_returns(each.then) and _always_returns(each.otherwise))
        for each in block.statements
    )
