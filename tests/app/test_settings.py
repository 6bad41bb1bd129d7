import os
from pathlib import Path

import pytest

from probes.app.settings import Settings, Unusable, read

PATH = 'name = "{name}"\n[[targets]]\nname = "backend"\nrole = "backend"\nurl = "https://func.azurewebsites.net/"\n'
SECRET = "hunter2hunter2"


def path_text(name: str = "orders") -> str:
    """A path file's content."""
    return PATH.format(name=name)


def settings(environment: dict[str, str]) -> Settings:
    """What the environment gives, which is usable."""
    found = read(environment)
    assert isinstance(found, Settings), found
    return found


def wrong(environment: dict[str, str]) -> list[str]:
    """The keys that are wrong."""
    found = read(environment)
    assert isinstance(found, Unusable)
    return [fault.key for fault in found.faults]


@pytest.mark.parametrize(
    "text",
    [path_text(), '{"name": "orders", "targets": [{"name": "b", "role": "backend", "url": "https://func.example/"}]}'],
)
def test_a_path_comes_as_toml_or_json(text: str) -> None:
    """The setting holds the content of a path file, and the other settings have defaults."""
    found = settings({"PROBE_PATH": text})
    assert list(found.paths) == ["orders"]
    assert (found.diagnose_deadline_s, found.spread_s) == (20, 5)


def test_several_paths_come_from_files(tmp_path: Path) -> None:
    """Beside the setting's own, in their order; empty places in the list are passed over."""
    for name in ("invoices", "parcels"):
        (tmp_path / f"{name}.toml").write_text(path_text(name))
    files = os.pathsep.join([str(tmp_path / "invoices.toml"), "", str(tmp_path / "parcels.toml"), " "])
    assert list(settings({"PROBE_PATH": path_text(), "PROBE_PATH_FILES": files}).paths) == [
        "orders",
        "invoices",
        "parcels",
    ]


def test_names_are_unique(tmp_path: Path) -> None:
    """Two paths of one name would be one in every query."""
    file = tmp_path / "again.toml"
    file.write_text(path_text())
    assert wrong({"PROBE_PATH": path_text(), "PROBE_PATH_FILES": str(file)}) == ["PROBE_PATH_FILES[0]: name"]


@pytest.mark.parametrize(
    ("environment", "keys"),
    [
        ({}, ["PROBE_PATH"]),
        ({"PROBE_PATH": "  "}, ["PROBE_PATH"]),
        ({"PROBE_PATH": "name ="}, ["PROBE_PATH: file"]),
        ({"PROBE_PATH": "{"}, ["PROBE_PATH: file"]),
        ({"PROBE_PATH": '{"a": ' * 100_000}, ["PROBE_PATH: file"]),
        ({"PROBE_PATH": 'name = "orders"'}, ["PROBE_PATH: targets"]),
        ({"PROBE_PATH_FILES": "/nowhere/at/all.toml"}, ["PROBE_PATH_FILES[0]: file"]),
        ({"PROBE_PATH_FILES": "\0"}, ["PROBE_PATH_FILES[0]"]),
        ({"PROBE_PATH": path_text(), "PROBE_SPREAD_S": "21"}, ["PROBE_SPREAD_S"]),
        ({"PROBE_PATH": path_text(), "PROBE_SPREAD_S": "nan"}, ["PROBE_SPREAD_S"]),
        ({"PROBE_DIAGNOSE_DEADLINE_S": "0"}, ["PROBE_PATH", "PROBE_DIAGNOSE_DEADLINE_S"]),
        ({"PROBE_PATH": path_text(), "PROBE_DIAGNOSE_DEADLINE_S": "ten"}, ["PROBE_DIAGNOSE_DEADLINE_S"]),
    ],
)
def test_wrong_settings_are_named_and_never_raised(environment: dict[str, str], keys: list[str]) -> None:
    """All at once, by setting and key: an exception here would empty the whole app."""
    assert wrong(environment) == keys


def test_a_fault_says_what_is_allowed_and_not_what_is_there() -> None:
    """A URL with a key in it is refused, and shown nowhere."""
    text = path_text().replace("net/", f"net/?code={SECRET}") + f'audiense = "{SECRET}"\n'
    found = read({"PROBE_PATH": text})
    assert isinstance(found, Unusable)
    assert [fault.key for fault in found.faults] == ["PROBE_PATH: targets[0].url", "PROBE_PATH: targets[0].audiense"]
    assert "did you mean audience?" in found.faults[1].allowed
    assert SECRET not in f"{found} {' '.join(map(str, found.faults))}"


def test_another_cloud_is_named_by_its_url() -> None:
    """One that a token may not be sent to is a fault like any other."""
    settings({"PROBE_PATH": path_text(), "AZURE_RESOURCE_MANAGER": "https://management.usgovcloudapi.net"})
    assert wrong({"PROBE_PATH": path_text(), "AZURE_RESOURCE_MANAGER": "http://example.com"}) == [
        "AZURE_RESOURCE_MANAGER"
    ]
