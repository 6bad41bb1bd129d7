"""What is not run is refused when the documents are read, by document, line and name: no statement is skipped."""

import pytest

from lab.policy.csharp.members import PROPERTIES
from lab.policy.program import STATEMENTS, Document, Documents, PolicyError, Program
from lab.policy.run import Scope
from tests.lab.policy.documents import GLOBAL, document, refusal


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ('<cache-lookup vary-by-developer="false" />', "statement <cache-lookup> is not supported"),
        ('<retry count="3" interval="1" condition="@(true)" />', "statement <retry> is not supported"),
        ('<set-header name="a"><value>1</value></set-header>text', "text in <inbound> is not supported"),
        (
            '<set-header name="a" exists-action="merge"><value>1</value></set-header>',
            "exists-action='merge' of <set-header> is not supported",
        ),
        (
            '<set-header name="a" exists-action="delete"><value>1</value></set-header>',
            "exists-action=delete of <set-header> with 1 values is not supported",
        ),
        (
            '<set-header name="@("a")"><value>1</value></set-header>',
            "an expression in name of <set-header> is not supported",
        ),
        (
            '<set-header name="a"><value>x@(1)</value></set-header>',
            "an expression that is not the whole value is not supported",
        ),
        ("<set-header><value>1</value></set-header>", "<set-header> has no name"),
        ('<set-body template="liquid">a</set-body>', "attribute template of <set-body> is not supported"),
        ("<set-body><xsl-transform /></set-body>", "<xsl-transform> in <set-body> is not supported"),
        ('<set-variable name="v" />', "<set-variable> has no value"),
        ('<set-backend-service backend-id="none" />', "backend none does not exist"),
        ('<set-backend-service base-url="func" />', "base-url func is no URL"),
        ('<include-fragment fragment-id="none" />', "fragment none does not exist"),
        ('<choose><when condition="@("true")" /></choose>', 'expression @("true") gives string where bool is needed'),
        ('<choose><when condition="maybe" /></choose>', "condition='maybe' of <when> is not supported"),
        ('<choose><if condition="true" /></choose>', "<if> in <choose> is not supported"),
        (
            '<send-request response-variable-name="r" timeout="0"><set-url>https://a.example</set-url></send-request>',
            "timeout='0' of <send-request> is no whole number above 0",
        ),
        ('<send-request response-variable-name="r" mode="new" />', "<send-request> has no <set-url>"),
        (
            '<return-response><find-and-replace from="a" to="b" /></return-response>',
            "<find-and-replace> in <return-response> is not supported",
        ),
        (
            '<return-response><set-status code="OK" reason="" /></return-response>',
            "code='OK' of <set-status> is no whole number above 0",
        ),
        (
            '<authentication-managed-identity resource="a" audience="b" />',
            "attribute audience of <authentication-managed-identity> is not supported",
        ),
    ],
)
def test_a_statement_that_is_not_run_is_named(inside: str, what: str) -> None:
    """Statement, attribute, child or value."""
    assert refusal(document(inbound=f"<base />{inside}")) == f"orders.xml line 2: {what}"


@pytest.mark.parametrize(
    ("section", "inside"),
    [
        ("on-error", "<set-body>gone</set-body>"),
        ("on-error", '<authentication-managed-identity resource="api://orders" />'),
        ("outbound", '<authentication-managed-identity resource="api://orders" />'),
        ("inbound", "<forward-request />"),
        ("backend", '<rate-limit-by-key calls="1" renewal-period="1" counter-key="a" />'),
        ("outbound", '<set-backend-service base-url="https://a.example" />'),
        ("inbound", '<set-status code="200" reason="OK" />'),
    ],
)
def test_a_statement_in_a_section_where_it_may_not_stand_is_refused(section: str, inside: str) -> None:
    """Also inside choose."""
    tag = inside[1:].partition(" ")[0].partition(">")[0].rstrip("/")
    for text in (inside, f'<choose><when condition="true">{inside}</when></choose>'):
        found = refusal(document(**{section.replace("-", "_"): text}))
        assert found == f"orders.xml line 2: statement <{tag}> in {section} is not supported"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<policies><inbound><base /></inbound></policies>", "section <backend> is missing"),
        (document().replace("</policies>", "<inbound /></policies>"), "a section stands twice"),
        (document().replace("outbound", "answer"), "section <answer> is not supported"),
        ("<fragment />", "<fragment> where <policies> must stand"),
        (document(inbound="<base /><base id='1' x='2' />"), "attribute x of <base> is not supported"),
    ],
)
def test_a_document_of_another_shape_is_refused(text: str, what: str) -> None:
    """All four sections, each once, and nothing else."""
    assert refusal(text).endswith(f": {what}")


def test_base_needs_an_outer_document() -> None:
    """The global scope has none."""
    with pytest.raises(PolicyError, match=r"^global.xml line 1: <base /> has no outer document here$"):
        Program(
            Documents(
                policies={
                    Scope.GLOBAL: Document(
                        name="global.xml", text=GLOBAL.replace("<outbound/>", "<outbound><base/></outbound>")
                    )
                }
            )
        )


def test_an_error_in_a_fragment_names_the_fragment() -> None:
    """Its own document and line; and one that includes itself is refused."""
    include = document(inbound='<include-fragment fragment-id="f" />')
    assert (
        refusal(include, {"f": "<fragment>\n<nothing />\n</fragment>"})
        == "f.xml line 2: statement <nothing> is not supported"
    )
    endless = {"f": '<fragment><include-fragment fragment-id="f" /></fragment>'}
    assert refusal(include, endless) == "f.xml line 1: fragment f includes itself"


def test_the_set_is_closed() -> None:
    """So many statements and properties of context: who adds one adds its vectors."""
    assert len(STATEMENTS) == 17
    assert len(PROPERTIES["context"]) == 12
