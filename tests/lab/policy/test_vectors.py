"""Every fact that the files of vectors/ state, run."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lab.policy.stage import outcome

FILES = sorted((Path(__file__).parent / "vectors").glob("*.toml"))
VECTORS = [vector for file in FILES for vector in tomllib.loads(file.read_text(encoding="utf-8"))["vector"]]
SECTIONS = ("inbound", "backend", "outbound", "on-error")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
async def test_vector(vector: Mapping[str, Any]) -> None:
    """The outcome has what the vector expects."""
    expected = dict(vector["expect"])
    found = await outcome({"policies": {"api": document(vector)}, **vector})
    sent = found["backend_requests"]
    found |= {"url": sent[-1]["url"], "sent_headers": sent[-1]["headers"]} if sent else {}
    assert differences(expected, found) == []


def test_every_fact_is_another_one() -> None:
    """No name stands twice, and each vector expects something."""
    names = [vector["name"] for vector in VECTORS]
    assert len(set(names)) == len(names) > 40
    assert all(vector["expect"] for vector in VECTORS)


def document(vector: Mapping[str, Any]) -> str:
    """The document of the API, from what the vector puts into its sections."""
    inside = {
        "inbound": f"<base />{vector.get('inbound', '')}",
        "backend": vector.get("backend_section", "<base />"),
        "outbound": f"<base />{vector.get('outbound', '')}",
        "on-error": f"<base />{vector.get('on_error', '')}",
    }
    return f"<policies>{''.join(f'<{name}>{inside[name]}</{name}>' for name in SECTIONS)}</policies>"


def differences(expected: Any, found: Any, where: str = "") -> list[str]:
    """What is not as expected; of variables and headers everything is looked at, else only what is expected."""
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping):
            return [f"{where}: {found!r}"]
        whole = where.rpartition(".")[2] in {"variables", "headers", "sent_headers"}
        more = [f"{where}.{name}: {found[name]!r}, not expected" for name in found.keys() - expected.keys() if whole]
        return more + [
            line for name, value in expected.items() for line in differences(value, found.get(name), f"{where}.{name}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = zip(expected, found, strict=True)
        return [line for at, (want, got) in enumerate(pairs) for line in differences(want, got, f"{where}[{at}]")]
    same = expected == (found or "" if expected == "" else found) and isinstance(expected, bool) is isinstance(
        found, bool
    )
    return [] if same else [f"{where}: {found!r}, expected {expected!r}"]
