"""Documents as text: two forms, named values, and the line that an error names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.policy.document import Element, Form, PolicyError, expressions, parse


def read(text: str, form: Form = Form.RAW, **named_values: str) -> Element:
    """The root of a document called orders.xml."""
    return parse(text, document="orders.xml", form=form, named_values=named_values)


@pytest.mark.parametrize(
    "code",
    [
        '@("a" + "b")',
        '@(context.Variables["a"] != null && 1 < 2)',
        '@(")" + "}" + "\\"" + @"c:\\")',
        "@(1 /* ) */ + 2)",
        '@{ if (1 > 2) { return "}"; } return "{"; }',
        "@{\n  // it's a comment with ) and }\n  return 1;\n}",
        '@("&amp;")',
    ],
)
def test_an_expression_stands_bare_in_a_raw_document(code: str) -> None:
    """In an attribute and in a text, with quotes, brackets and line breaks as they are."""
    root = read(f'<a b="{code}"><c>{code}</c></a>')
    expected = code.replace("&amp;", "&")
    assert (root.attributes["b"], root.children[0].text) == (expected, expected)


@given(st.text(alphabet='ab"\\ \n()<>&', max_size=30))
def test_any_string_ends_where_c_sharp_ends_it(content: str) -> None:
    """A verbatim string holds brackets, quotes and line breaks, and the expression goes on after it."""
    verbatim = '@"' + content.replace('"', '""') + '"'
    text = f'<a b="@({verbatim} + "x")" c="next" />'
    assert [text[start:end] for start, end in expressions(text)] == [f'@({verbatim} + "x")']


def test_a_line_break_in_an_attribute_is_kept_in_a_raw_document_only() -> None:
    """XML makes a blank of it, and a comment in the expression swallows the rest."""
    text = '<a b="@{ // one\nreturn 1; }" />'
    assert read(text).attributes["b"] == "@{ // one\nreturn 1; }"
    assert read(text, Form.XML).attributes["b"] == "@{ // one return 1; }"


@pytest.mark.parametrize("form", Form)
def test_a_named_value_is_replaced_as_text(form: Form) -> None:
    """In attributes and texts, several in one, whatever characters it holds; a comment is no place without."""
    root = read('<a b="{{x}}-{{x}}"><c>@({{x}})</c></a>', form, x="1<2&3")
    assert (root.attributes["b"], root.children[0].text) == ("1<2&3-1<2&3", "@(1<2&3)")


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("<a>\n<b>\n</a>", 3, "not well-formed: mismatched tag"),
        ('<a\n b="{{host}}" />', 2, "named value host does not exist"),
        ("<a>\n<!--\n{{host}} --></a>", 3, "named value host does not exist"),
        ('<a b="1" b="2" />', 1, "not well-formed: duplicate attribute"),
        ("<a>\n", 2, "not well-formed: no element found"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(form: Form, text: str, line: int, what: str) -> None:
    """Document, line, cause."""
    with pytest.raises(PolicyError) as raised:
        read(text, form)
    assert str(raised.value) == f"orders.xml line {line}: {what}"


def test_lines_are_counted_across_expressions_of_several_lines() -> None:
    """An element after one knows its own line; so does a named value inside one."""
    root = read('<a>\n<b c="@(1\n+ 2\n+ 3)" />\n<d />\n</a>')
    assert [child.line for child in root.children] == [2, 5]
    with pytest.raises(PolicyError, match="line 3: named value x"):
        read('<a>\n<b c="@(1\n+ {{x}}\n+ 3)" /></a>')


def test_a_comment_is_no_expression_and_no_text() -> None:
    """`@(` in a comment opens nothing."""
    root = read('<a><!-- see @( there --><b c="@("x")">text<!-- " --></b></a>')
    assert (root.children[0].attributes["c"], root.children[0].text) == ('@("x")', "text")
