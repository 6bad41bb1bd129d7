"""What Azure would make of the expressions that stay in a snapshot: a small part of the template language, evaluated.

Of https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions only the functions that this
deployment leaves open; another one is an error here, and so cannot pass unseen.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))")

type Reference = Callable[[str, bool], Mapping[str, Any]]
"""The state of a resource by its id; whole, or its properties."""


type Node = Callable[[Mapping[str, Any]], Any]


def evaluate(value: Any, reference: Reference) -> Any:
    """A value of a snapshot, with every expression in it replaced by what Azure would put there."""
    if isinstance(value, str) and value.startswith("[") and not value.startswith("[["):
        return Parser(value[1:-1], reference).whole()
    if isinstance(value, Mapping):
        return {key: evaluate(item, reference) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, reference) for item in value]
    return value


class Parser:
    """Recursive descent; each rule gives a function of the variables in scope."""

    def __init__(self, text: str, reference: Reference) -> None:
        """Take the text of one expression, without its brackets."""
        self._tokens = [(found.lastgroup or "", found[found.lastgroup or 0]) for found in TOKEN.finditer(text)]
        if "".join(token for _, token in self._tokens) != re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", text):
            raise ValueError(f"not read: {text}")
        self._place = 0
        self._reference = reference

    def whole(self) -> Any:
        """The value of the expression."""
        node = self._expression()
        if self._place != len(self._tokens):
            raise ValueError(f"left over: {self._tokens[self._place :]}")
        return node({})

    def _next(self) -> tuple[str, str]:
        self._place += 1
        return self._tokens[self._place - 1]

    def _peek(self) -> str:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else ""

    def _expression(self) -> Node:
        kind, token = self._next()
        if kind == "text":
            node = constant(token[1:-1].replace("''", "'"))
        elif kind == "number":
            node = constant(int(token))
        elif kind == "name":
            node = self._call(token)
        else:
            raise ValueError(f"unexpected {token}")
        while self._peek() in {".", "["}:
            node = self._member(node)
        return node

    def _member(self, of: Node) -> Node:
        _, sign = self._next()
        if sign == ".":
            _, name = self._next()
            return lambda scope: of(scope)[name]
        index = self._expression()
        self._next()
        return lambda scope: of(scope)[index(scope)]

    def _call(self, name: str) -> Node:
        self._next()
        arguments: list[Node] = []
        while self._peek() != ")":
            if self._peek() == ",":
                self._next()
            arguments.append(self._expression())
        self._next()
        if name == "lambda":
            variable = str(arguments[0]({}))
            return lambda scope: lambda item: arguments[1]({**scope, variable: item})
        if name == "lambdaVariables":
            return lambda scope: scope[str(arguments[0](scope))]
        if name == "reference":
            return lambda scope: self._state(*[argument(scope) for argument in arguments])
        function = FUNCTIONS[name]
        return lambda scope: function(*[argument(scope) for argument in arguments])

    def _state(self, resource_id: str, _version: str, full: str = "") -> Mapping[str, Any]:
        return self._reference(resource_id, full.lower() == "full")


def constant(value: Any) -> Node:
    """An expression that is a value."""
    return lambda _: value


def _object(*items: Any) -> dict[str, Any]:
    return dict(zip(items[::2], items[1::2], strict=True))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "concat": lambda *parts: "".join(parts) if isinstance(parts[0], str) else [each for part in parts for each in part],
    "contains": lambda whole, part: part in whole,
    "createArray": lambda *items: list(items),
    "createObject": _object,
    "filter": lambda items, keep: [item for item in items if keep(item)],
    "first": lambda items: items[0],
    "format": lambda form, *values: form.format(*values),
    "join": lambda items, by: by.join(items),
    "split": lambda text, by: text.split(by),
    "string": lambda value: value if isinstance(value, str) else json.dumps(value),
    "true": lambda: True,
}
