"""The policy documents against the schemas of API Management, by the checker that lies beside the project."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lab
from lab.policy.deployed import FOLDER

CHECKER = Path(lab.__file__).parents[2] / "shared" / "tools" / "apim-policy" / "apim_policy_check.py"
NEEDED = ("lxml", "tree_sitter", "tree_sitter_c_sharp")
DOCUMENTS = len(list(FOLDER.rglob("*.xml")))


@pytest.fixture(scope="module", autouse=True)
def _found() -> None:
    """The checker and what it imports; CI must have both (REQUIRE_CHECKERS=1)."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    reasons = ([] if CHECKER.exists() else [f"{CHECKER} is not there"]) + [f"no package {name}" for name in missing]
    if reasons and os.environ.get("REQUIRE_CHECKERS"):
        pytest.fail(f"{', '.join(reasons)}, and REQUIRE_CHECKERS is set")
    if reasons:
        pytest.skip(", ".join(reasons))


def said(folder: Path) -> str:
    """What the checker says of every document below a folder."""
    return subprocess.run(
        [sys.executable, str(CHECKER), str(folder)], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_every_document_is_valid() -> None:
    """Each statement by its schema, each expression as C#; the snippets as well."""
    assert said(FOLDER).startswith(f"{{'ok': {DOCUMENTS}}}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('timeout="8"', 'timeout="8 s"'),
        ("authentication-managed-identity", "authentication-managed-identities"),
        ("context.Request.IpAddress))", "context.Request.IpAddress)"),
        ('renewal-period="60"', ""),
        ("<outbound>\n    <base />\n  </outbound>", "<answer />"),
    ],
)
def test_a_mistake_is_noticed(tmp_path: Path, old: str, new: str) -> None:
    """An attribute, a statement, an expression or a section that is wrong."""
    text = (FOLDER / "orders.xml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "orders.xml").write_text(text.replace(old, new), encoding="utf-8")
    assert "'bad': 1" in said(tmp_path)
