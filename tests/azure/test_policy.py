"""Where policy documents send calls: written by hand, as deployed, and as nobody should write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.azure.answer import ReadError
from probes.azure.expression import without_expressions
from probes.azure.policy import LONGEST_DOCUMENT, Draft, composed, draft
from probes.failure import Failure
from probes.resources import PolicyBackend, PolicyContent

POLICIES = Path(__file__).parents[2] / "infra" / "policies"
VALUES = {"host": "func.azurewebsites.net", "audience": "api://orders"}


def content(document: str, fragments: dict[str, str] | None = None, scope: str = "api") -> PolicyContent:
    """What a document comes to."""
    drafts = {name: draft(text) for name, text in (fragments or {}).items()}
    return composed(draft(document), scope, drafts, VALUES)


def inbound(body: str) -> str:
    """A document with this inbound section."""
    return f"<policies><inbound>{body}</inbound><backend><forward-request /></backend></policies>"


def backends(document: str, fragments: dict[str, str] | None = None) -> list[tuple[str | None, str | None, bool]]:
    """Its backends."""
    return [(each.base_url, each.backend_id, each.decided) for each in content(document, fragments).backends]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", []),
        ('<set-backend-service base-url="https://a/api" />', [("https://a/api", None, True)]),
        ('<set-backend-service backend-id="orders" />', [(None, "orders", True)]),
        (
            '<set-backend-service base-url="https://{{host}}/api" />',
            [("https://func.azurewebsites.net/api", None, True)],
        ),
        (
            '<set-backend-service base-url="https://{{ host }}/api" />',
            [("https://func.azurewebsites.net/api", None, True)],
        ),
        ('<set-backend-service base-url="https://{{other}}/api" />', [("https://{{other}}/api", None, False)]),
        ("<set-backend-service />", [(None, None, False)]),
        ('<set-backend-service base-url="https://u:p@a/api?code=k#f" />', [("https://a/api", None, True)]),
        ('<set-backend-service base-url="@(context.X)" />', [("@(context.X)", None, False)]),
        ('<set-backend-service backend-id="@{ return "a"; }" />', [(None, '@{ return "a"; }', False)]),
        (
            """<choose>
                <when condition="@(1 < 2)"><set-backend-service base-url="https://a" /></when>
                <otherwise><set-backend-service base-url="https://b" /></otherwise>
            </choose>
            <set-backend-service base-url="https://c" />""",
            [("https://a", None, False), ("https://b", None, False), ("https://c", None, True)],
        ),
        (
            '<retry condition="@(true)"><set-backend-service base-url="https://a" /></retry>',
            [("https://a", None, True)],
        ),
        ('<!-- <set-backend-service base-url="https://a" /> @( " -->', []),
        ('<set-body>@("<set-backend-service base-url=\\"https://a\\" />")</set-body>', []),
    ],
)
def test_where_calls_go(body: str, expected: list[tuple[str | None, str | None, bool]]) -> None:
    """A named value that is not known, an expression and a condition leave it open; a key is never kept."""
    assert backends(inbound(body)) == expected


def test_only_sections_that_come_before_the_call_count() -> None:
    """Inbound and backend; outbound and on-error are too late."""
    sections = "".join(
        f'<{name}><set-backend-service base-url="https://{name}" /></{name}>'
        for name in ("inbound", "backend", "outbound", "on-error")
    )
    assert [url for url, _, _ in backends(f"<policies>{sections}</policies>")] == ["https://inbound", "https://backend"]


def test_base_counts_in_the_inbound_section() -> None:
    """In another it inherits something else."""
    assert content(inbound("<base />")).inherits
    assert not content("<policies><inbound /><outbound><base /></outbound></policies>").inherits


def test_audiences_of_the_gateways_identity() -> None:
    """With named values put in, each once."""
    asks = '<authentication-managed-identity resource="{{audience}}" />'
    assert content(inbound(asks * 2)).identity_audiences == ("api://orders",)


def test_a_fragment_stands_where_it_is_included() -> None:
    """Its backends in the order of the rest, and with its audience."""
    document = inbound(
        '<set-backend-service base-url="https://a" /><include-fragment fragment-id="f" />'
        '<set-backend-service base-url="https://c" />'
    )
    fragment = """<fragment>
        <set-backend-service base-url="https://b" /><authentication-managed-identity resource="x" />
    </fragment>"""
    found = content(document, {"f": fragment})
    assert [each.base_url for each in found.backends] == ["https://a", "https://b", "https://c"]
    assert found.identity_audiences == ("x",)


def test_a_fragment_in_a_condition_decides_nothing() -> None:
    """Nor does what stands in a condition within it."""
    document = inbound('<choose><when condition="@(x)"><include-fragment fragment-id="f" /></when></choose>')
    fragment = '<fragment><set-backend-service base-url="https://b" /></fragment>'
    assert backends(document, {"f": fragment}) == [("https://b", None, False)]


@pytest.mark.parametrize("name", ["gone", "../x", ""])
def test_a_fragment_that_could_not_be_read_leaves_it_open(name: str) -> None:
    """It may send calls anywhere; a name that is none is not asked for."""
    document = inbound(f'<include-fragment fragment-id="{name}" />')
    assert backends(document) == [(None, None, False)]
    assert draft(document).fragments == (("gone",) if name == "gone" else ())


def test_fragments_that_include_each_other_end() -> None:
    """Where the circle closes, nothing is known."""
    circle = {
        "a": '<fragment><include-fragment fragment-id="b" /></fragment>',
        "b": '<fragment><include-fragment fragment-id="a" /></fragment>',
    }
    assert backends(inbound('<include-fragment fragment-id="a" />'), circle) == [(None, None, False)]


def test_named_values_of_a_query_are_not_asked_for() -> None:
    """They are keys: the URL is told without its query, so nobody needs them."""
    found = draft(inbound('<set-backend-service base-url="https://{{host}}/api?code={{key}}" />'))
    assert found.named_values == {"host"}


def test_a_secret_within_an_expression_is_not_kept() -> None:
    """The rest of it is, for people."""
    found = backends(inbound("""<set-backend-service base-url="@("https://u:p@a/api?code=sesame" + x["&sig=b"])" />"""))
    assert found == [('@("https://a/api" + x[""])', None, False)]


@pytest.mark.parametrize(
    ("document", "taken"),
    [
        ('<a b="@("x")" />', ['@("x")']),
        ("""<a b='@("x)" + ')' + (1))' />""", ["""@("x)" + ')' + (1))"""]),
        ('<a b="@{ // ) }\n return @"\\"; }" />', ['@{ // ) }\n return @"\\"; }']),
        ('<a b="@(/* ) */ f($"{x["k"]}"))" />', ['@(/* ) */ f($"{x["k"]}"))']),
        ("<a>\n @(1 < 2 && 3 > 2)</a><b>@{ return 1; }</b>", ["@(1 < 2 && 3 > 2)", "@{ return 1; }"]),
        ("<a>me@(work)</a>", []),
        ("<!-- @( --><a>@(1)</a>", ["@(1)"]),
        ("<a>@(1</a>", []),
        ("<a>@(1]</a>", []),
        ("<!-- @(1)", []),
    ],
)
def test_where_an_expression_ends(document: str, taken: list[str]) -> None:
    """By C#'s brackets, texts, characters and comments."""
    plain, expressions = without_expressions(document)
    assert expressions == taken
    assert not any(expression in plain for expression in taken)


def test_expressions_written_as_xml_has_them() -> None:
    """The other format of the same document comes to the same."""
    escaped = '<set-backend-service base-url="@(&quot;https://a&quot; + (x &lt; 1 ? &quot;)&quot; : &quot;&quot;))" />'
    ((url, _, decided),) = backends(inbound(escaped))
    assert (url is not None and url.startswith('@("https://a"'), decided) == (True, False)


@pytest.mark.parametrize(
    "document",
    [
        None,
        7,
        {},
        "",
        "no xml",
        "<policies>",
        "<policies></inbound>",
        "<html />",
        "<policies>&undefined;</policies>",
        "<policies>\x00</policies>",
        "<policies>\ud800</policies>",
        '<!DOCTYPE policies [<!ENTITY a "b">]><policies>&a;</policies>',
        '<!DOCTYPE policies SYSTEM "file:///etc/passwd"><policies />',
        "<policies>" + "<a>" * 5_000 + "</a>" * 5_000 + "</policies>",
        "<policies>" + " " * LONGEST_DOCUMENT + "</policies>",
    ],
)
def test_what_is_no_policy(document: object) -> None:
    """An error of the closed list; entities are not even declared."""
    with pytest.raises(ReadError) as caught:
        draft(document)
    assert caught.value.failure is Failure.MALFORMED_RESPONSE


@pytest.mark.parametrize("name", ["orders.xml", "diagnostics.xml", "global.xml", "fragments/gateway-problem.xml"])
def test_the_policies_that_are_deployed_can_be_read(name: str) -> None:
    """Comments, bare quotes and angle brackets within expressions included."""
    found = draft((POLICIES / name).read_text(encoding="utf-8"))
    urls = [part.base_url for part in found.parts if isinstance(part, PolicyBackend)]
    expected = {"orders.xml": ["https://{{backend-host}}/api"], "diagnostics.xml": ["https://{{probe-host}}/api"]}
    assert urls == expected.get(name, [])


@pytest.mark.parametrize("repeated", ["<!--", "@(", ' @("', "/*", "@{'", "{{", "<!-- @( "])
def test_no_document_takes_long(repeated: str) -> None:
    """As long as one may be, of what begins and never ends: that it comes to an end at all is the test."""
    with pytest.raises(ReadError):
        draft(f"<policies> {repeated * (LONGEST_DOCUMENT // len(repeated) - 20)}")


@given(st.text(st.sampled_from("<>/@(){}[]\"'a-! =&;"), max_size=60))
def test_any_text_is_read_or_refused(body: str) -> None:
    """Never anything else."""
    try:
        found: Draft | Failure = draft(inbound(body))
    except ReadError as error:
        found = error.failure
    assert isinstance(found, Draft) or found is Failure.MALFORMED_RESPONSE
