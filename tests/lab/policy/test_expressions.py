"""Expressions that are not run: each is refused by what it holds, when the document is read."""

import pytest

from lab.policy.csharp.lexer import ExpressionRefused
from lab.policy.csharp.value import compiled
from tests.lab.policy.documents import document, refusal

SET = '<set-variable name="v" value="{}" />'


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("@(context.Request.Hostname)", "IRequest.Hostname"),
        ("@(context.GetType())", "context.GetType(...)"),
        ('@(System.IO.File.ReadAllText("/etc/passwd"))', "System.IO.File.ReadAllText(...)"),
        ("@(System.Net.Dns.GetHostName())", "System.Net.Dns.GetHostName(...)"),
        ('@(context.Request.Headers.GetValueOrDefault("a", null))', "null as an argument of Headers.GetValueOrDefault"),
        ('@($"{1}")', "character $"),
        ("@('a')", "character '"),
        ("@(1.5)", "number 1.5"),
        ("@(4000000000)", "number 4000000000"),
        ('@("a"[0])', "string[...]"),
        ("@(x => x)", "=> in this place"),
        ("@(1 + )", "the end in this place"),
        ("@(1 2)", "2 in this place"),
        ("@(new List<int>())", "new List without arguments in parentheses"),
        ("@(new JObject(1))", "new JObject(int)"),
        ("@(true + true)", "+ of bool and bool"),
        ('@(1 == "1")', "== of int and string"),
        ('@(context.Variables["a"] == "x")', "== of object and string"),
        ('@(true ? 1 : "a")', "?: of int and string"),
        ("@(context.Elapsed?.TotalSeconds)", "?. of TimeSpan, which is never null"),
        ('@((long)context.Variables["a"])', "(long) of object"),
        ("@((string)1)", "(string) of int"),
        ('@(Regex.IsMatch("a", context.Request.Method))', "this pattern of Regex.IsMatch"),
        ('@(Regex.IsMatch("a", "(?<n>a)"))', "this pattern of Regex.IsMatch"),
        ("@{ var a = 1; }", "a block that may end without return"),
        ("@{ if (true) { return 1; } }", "a block that may end without return"),
        ("@{ string a; return a; }", "local a, which has no value yet"),
        ("@{ int a = null; return a; }", "null where int is needed"),
        ("@{ var a = 1; a = 2; return a; }", "= in this place"),
        ("@{ var a = 1; a += 2; return a; }", "+= in this place"),
        ('@{ context.Variables["a"] = 1; return 1; }', "[ in this place"),
        ("@{ foreach (var a in b) { } return 1; }", "foreach in this place"),
        (
            '@{ string[] a; if (true) { context.Request.Headers.TryGetValue("a", out a); } return 1; }',
            "( in this place",
        ),
        ("@{ var n = 1; if (true) { var n = 2; return n; } return n; }", "a second n"),
    ],
)
def test_an_expression_that_is_not_run_is_named(code: str, what: str) -> None:
    """What it holds that is not supported, beside the expression."""
    found = refusal(document(inbound=SET.format(code)))
    assert found == f"orders.xml line 2: expression {' '.join(code.split())[:60]}: {what} is not supported"


@pytest.mark.parametrize(("code", "missing"), [("@(1", "parenthesis"), ("@{ return 1;", "brace")])
def test_an_expression_must_be_closed(code: str, missing: str) -> None:
    """A bracket that is missing is not thought of."""
    with pytest.raises(ExpressionRefused, match=f"^an expression without its closing {missing}$"):
        compiled(code)


@pytest.mark.parametrize(
    ("code", "gives"),
    [
        ("@(context.RequestId)", "Guid"),
        ("@(1)", "int"),
        ('@(context.Variables["a"])', "object"),
        ("@(context.Response)", "IResponse"),
        ("@(null)", "null"),
    ],
)
def test_a_text_must_be_a_string(code: str, gives: str) -> None:
    """As the compiler of policies has it: no type is converted by itself."""
    found = refusal(document(outbound=f'<set-header name="a"><value>{code}</value></set-header>'))
    assert found == f"orders.xml line 2: expression {code} gives {gives} where string is needed"
