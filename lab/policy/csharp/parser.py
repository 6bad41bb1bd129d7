"""From the text of an expression to its form, by recursive descent; what is no form of the closed set is refused."""

from lab.policy.csharp.lexer import ExpressionRefused, Kind, Word, words
from lab.policy.csharp.syntax import (
    Binary,
    Block,
    Call,
    Cast,
    Conditional,
    Declare,
    Expression,
    Held,
    If,
    IfNotNull,
    Index,
    Literal,
    Member,
    Name,
    New,
    Out,
    Return,
    Unary,
)

OPERATORS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))
"""From the loosest to the tightest; all of them group from the left."""
CONSTANTS = {"true": True, "false": False, "null": None}
KEYWORD_TYPES = frozenset({"bool", "double", "int", "object", "string"})
RESERVED = frozenset({
    "as", "await", "case", "catch", "checked", "const", "default", "delegate", "do", "else", "finally", "for",
    "foreach", "goto", "if", "is", "lock", "new", "out", "params", "ref", "return", "stackalloc", "switch", "throw",
    "try", "typeof", "unchecked", "using", "when", "while", "yield",
})  # fmt: skip
"""Words of C# that are no names; those that are not taken elsewhere here begin forms that are not run."""


def parse_expression(code: str) -> Expression:
    """What stands in `@( )`; raises ExpressionRefused."""
    parser = Parser(words(code))
    found = parser.expression()
    parser.end()
    return found


def parse_block(code: str) -> Block:
    """What stands in `@{ }`; raises ExpressionRefused."""
    parser = Parser(words(code))
    found = parser.statements(Kind.END)
    parser.end()
    return found


class Parser:
    """A place in a list of words."""

    def __init__(self, found: list[Word]) -> None:
        """At the first word."""
        self._words = found
        self._at = 0

    @property
    def _word(self) -> Word:
        return self._words[self._at]

    def end(self) -> None:
        """Nothing may be left."""
        if self._word.kind is not Kind.END:
            raise ExpressionRefused(f"{self._word.text} in this place")

    def _take(self) -> Word:
        self._at += 1
        return self._words[self._at - 1]

    def _sees(self, *texts: str, ahead: int = 0) -> bool:
        word = self._words[min(self._at + ahead, len(self._words) - 1)]
        return word.kind in {Kind.OPERATOR, Kind.NAME} and word.text in texts

    def _takes(self, text: str) -> bool:
        if self._sees(text):
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise ExpressionRefused(f"{self._word.text} where {text} must stand")

    def _identifier(self) -> str:
        word = self._take()
        if word.kind is not Kind.NAME or word.text in RESERVED or word.text in CONSTANTS:
            raise ExpressionRefused(f"{word.text} in this place")
        return word.text

    def statements(self, until: Kind | str) -> Block:
        """Statements up to that word, which is left."""
        found: list[Declare | Return | If] = []
        while not (self._word.kind is until or self._sees(str(until))):
            found.append(self._statement())
        return Block(tuple(found))

    def _statement(self) -> Declare | Return | If:
        if self._takes("return"):
            value = self.expression()
            self._expect(";")
            return Return(value)
        if self._takes("if"):
            self._expect("(")
            test = self.expression()
            self._expect(")")
            then = self._body()
            return If(test, then, self._body() if self._takes("else") else Block(()))
        declared = self._type()
        name = self._identifier()
        initial = self.expression() if self._takes("=") else None
        self._expect(";")
        return Declare(declared, name, initial)

    def _body(self) -> Block:
        if not self._takes("{"):
            return Block((self._statement(),))
        block = self.statements("}")
        self._expect("}")
        return block

    def _type(self) -> str:
        name = self._identifier()
        while self._takes("."):
            name += f".{self._identifier()}"
        if self._sees("[") and self._sees("]", ahead=1):
            self._at += 2
            name += "[]"
        return name

    def expression(self) -> Expression:
        """One expression."""
        test = self._coalesced()
        if not self._takes("?"):
            return test
        then = self.expression()
        self._expect(":")
        return Conditional(test, then, self.expression())

    def _coalesced(self) -> Expression:
        left = self._binary(0)
        return Binary("??", left, self._coalesced()) if self._takes("??") else left

    def _binary(self, level: int) -> Expression:
        if level == len(OPERATORS):
            return self._unary()
        left = self._binary(level + 1)
        while self._sees(*OPERATORS[level]):
            left = Binary(self._take().text, left, self._binary(level + 1))
        return left

    def _unary(self) -> Expression:
        if self._sees("!", "-"):
            return Unary(self._take().text, self._unary())
        if cast := self._cast():
            return Cast(cast, self._unary())
        return self._postfix(self._primary())

    def _cast(self) -> str | None:
        """The type of a cast, with nothing taken where there is none.

        `(x)` is a cast where x can be a type's name and what follows can only begin an operand.
        """
        at = self._at
        if self._takes("(") and self._word.kind is Kind.NAME and self._word.text not in CONSTANTS:
            name = self._type()
            if self._takes(")"):
                word = self._word
                begins = word.kind in {Kind.NUMBER, Kind.STRING, Kind.NAME} or self._sees("(", "!")
                if (begins and word.text not in RESERVED) or (name in KEYWORD_TYPES and self._sees("-")):
                    return name
        self._at = at
        return None

    def _primary(self) -> Expression:
        if self._takes("("):
            inner = self.expression()
            self._expect(")")
            return inner
        if self._takes("new"):
            name = self._type()
            if not self._sees("("):
                raise ExpressionRefused(f"new {name} without arguments in parentheses")
            return New(name, self._arguments())
        word = self._word
        if word.kind in {Kind.STRING, Kind.NUMBER}:
            return Literal(self._take().value)
        if word.kind is Kind.NAME and word.text in CONSTANTS:
            return Literal(CONSTANTS[self._take().text])
        return Name(self._identifier())

    def _postfix(self, target: Expression) -> Expression:
        while True:
            if self._takes("."):
                target = self._member(target)
            elif self._takes("["):
                target = Index(target, self.expression())
                self._expect("]")
            elif self._takes("?."):
                return IfNotNull(target, self._postfix(self._member(Held())))
            elif self._sees("("):
                raise ExpressionRefused("a call of something that has no name")
            else:
                return target

    def _member(self, target: Expression) -> Expression:
        name = self._identifier()
        types = self._type_arguments()
        if self._sees("("):
            return Call(target, name, types, self._arguments())
        return Member(target, name)

    def _type_arguments(self) -> tuple[str, ...]:
        """`<T>` where a call follows; else the sign is that of a comparison, and is left."""
        at = self._at
        if self._takes("<") and self._word.kind is Kind.NAME:
            name = self._type()
            if self._takes(">") and self._sees("("):
                return (name,)
        self._at = at
        return ()

    def _arguments(self) -> tuple[Expression | Out, ...]:
        self._expect("(")
        found: list[Expression | Out] = []
        while not self._takes(")"):
            if found:
                self._expect(",")
            found.append(self._argument())
        return tuple(found)

    def _argument(self) -> Expression | Out:
        if not self._takes("out"):
            return self.expression()
        name = self._type()
        if self._word.kind is Kind.NAME:
            return Out(self._identifier(), declared=True)
        return Out(name, declared=False)
