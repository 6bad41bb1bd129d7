"""Whatever JSON or TOML may hold: a path, or an error that says what is wrong."""

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from probes.path import Path, PathError, from_mapping, loads

PATH_KEYS = ("name", "vantage", "resolvers", "targets", "thresholds", "step_timeout_s", "identity", "resources")
TARGET_KEYS = ("role", "url", "method", "private_subnets", "expected_status", "body_contains", "ca_file", "audience")
OTHER_KEYS = ("must_refuse", "correlation", "certificate_days", "client_id", "site", "address", "connect", "deadline_s")
KEYS = (*PATH_KEYS, *TARGET_KEYS, *OTHER_KEYS)
WORDS = (
    *("a", "probe", "backend", "https://host/", "http://[::1]/", "https://h:x/", "//", "10.0.0.0/8", "10.0.0.4:53"),
    *("none", "GET", "api://orders", "/subscriptions/x", "\0", "[", "fe80::1%eth0", "https://u:p@h/?code=x", "."),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(WORDS), st.just(10**400)
)


def tables(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables with known and unknown keys."""
    return st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=8)), values, max_size=8)


VALUES = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), tables(inner)), max_leaves=20)
TARGET = {"name": "a", "role": "backend", "url": "https://host/"}


def outcome(table: dict[str, Any]) -> Path | PathError:
    """The path or the error; anything else that is raised fails the test."""
    try:
        return from_mapping(table, source="test")
    except PathError as error:
        return error


def is_told_well(found: Path | PathError) -> bool:
    """A path, or an error with at least one problem that says what is allowed."""
    return isinstance(found, Path) or bool(found.problems and all(problem.allowed for problem in found.problems))


@given(tables(VALUES))
def test_any_table_loads_or_is_refused(table: dict[str, Any]) -> None:
    """No table makes the loader raise anything but PathError."""
    assert is_told_well(outcome(table))


@given(tables(VALUES), tables(VALUES), tables(VALUES))
def test_any_keys_beside_good_ones(keys: dict[str, Any], target: dict[str, Any], resolver: dict[str, Any]) -> None:
    """A path that is good but for some keys is refused in good order, or loads."""
    whole = {"name": "orders", "targets": [{**TARGET, **target}], "resolvers": [resolver], **keys}
    assert is_told_well(outcome(whole))


@given(st.text(max_size=200))
def test_any_url(url: str) -> None:
    """A URL is refused, or its host, port and address can be asked for."""
    found = outcome({"name": "orders", "targets": [{**TARGET, "url": url}]})
    if isinstance(found, Path):
        target = found.targets[0]
        assert target.host
        assert 0 < target.port < 65_536
        assert target.literal is None or target.host == str(target.literal) or ":" in target.host


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    """Any text loads or is refused."""
    with contextlib.suppress(PathError):
        loads(text, source="test")
