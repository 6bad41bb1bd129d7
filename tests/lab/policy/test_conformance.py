"""The vectors recorded from Microsoft's policy emulator, which lie beside the project: whatever is run, runs as there.

They are no part of the project. Where they are not found, tests/lab/policy/vectors is what there is; CI must find
them (REQUIRE_CHECKERS=1).
"""

import os
import re
from collections import Counter
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lab
from lab.policy.program import PolicyError
from tests.lab.policy.stage import DEFAULTS, outcome, program

FOLDER = Path(lab.__file__).parents[2] / "shared" / "tools" / "apim-policy" / "vectors"
PASSED_AT_LEAST = 369
"""So many did when this was written: an interpreter that refuses everything fails nothing."""


@pytest.fixture(scope="module")
def recorded() -> ModuleType:
    """Their own module, which loads and compares them."""
    file = FOLDER / "check_vectors.py"
    if not file.exists():
        if os.environ.get("REQUIRE_CHECKERS"):
            pytest.fail(f"{file} is not there, and REQUIRE_CHECKERS is set")
        pytest.skip(f"{file} is not there")
    spec = spec_from_file_location("check_vectors", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_every_vector_passes_or_is_refused_by_name(
    recorded: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """None fails, in what is assumed neither; the counts are printed, with what is refused and how often."""
    passed, refused, failed = 0, Counter[str](), list[str]()
    for vector in recorded.load()["vectors"]:
        try:
            found = await outcome(vector)
        except PolicyError as refusal:
            refused[cause(refusal)] += 1
            continue
        differences = recorded.differences(vector["expect"], found)
        passed += not differences
        failed += [f"{vector['name']}: {difference}" for difference in differences]
    with capsys.disabled():
        print(f"\nvectors: {passed} passed, {refused.total()} refused, {len(failed)} failed")  # noqa: T201
        print("refused:", "; ".join(f"{count} {what}" for what, count in refused.most_common()))  # noqa: T201
    assert failed == []
    assert passed >= PASSED_AT_LEAST


async def test_an_expectation_that_is_changed_is_noticed(recorded: ModuleType) -> None:
    """The comparison compares: another header, status or variable is a difference."""
    vector = next(each for each in recorded.load()["vectors"] if each["name"] == "article: order read")
    found = await outcome(vector)
    assert recorded.differences(vector["expect"], found) == []
    found["backend_requests"][0]["headers"]["x-correlation-id"] = ["another"]
    assert recorded.differences(vector["expect"], found) != []


def test_no_document_is_accepted_that_the_compiler_refuses(recorded: ModuleType) -> None:
    """An expression that C# or the table of allowed types refuses is refused here too."""
    accepted = [each["name"] for each in recorded.load()["documents"] if accepts(each)]
    wrong = [each["name"] for each in recorded.load()["documents"] if not each["accepted"] and accepts(each)]
    assert wrong == []
    assert accepted != []


def accepts(document: Mapping[str, Any]) -> bool:
    """Whether a document is run."""
    try:
        program({**DEFAULTS, "format": document["format"], "policies": {"api": document["policy"]}})
    except PolicyError:
        return False
    return True


def cause(refusal: PolicyError) -> str:
    """The statement that is not supported; of expressions, that it is one."""
    return re.sub(r"^(expression) .*|(.*) is not supported$", r"\1\2", refusal.what)
