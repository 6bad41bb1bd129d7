"""Loading path files: what is accepted, and what every kind of mistake is told as."""

import json
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

import pytest

from lab.certificates import authorities, pem
from probes.path import Path, PathError, Resolver, Role, from_mapping, load, loads
from probes.records import Credential, Step, Vantage

TARGET: Mapping[str, Any] = {"name": "backend", "role": "backend", "url": "https://func.azurewebsites.net/api/orders"}
SECRET = "s3cr3tV4lue"
TOML = """
name = "orders"
vantage = "probe"
deadline_s = 12.5

[[resolvers]]
name = "on-premises"
address = "10.80.40.4:5353"

[[targets]]
name = "backend"
role = "backend"
url = "https://func.azurewebsites.net/api/orders"
private_subnets = ["10.80.20.0/27", "fd00:80::/64"]
expected_status = [200, 204]
audience = "api://orders"
must_refuse = ["none"]

[thresholds]
certificate_days = 14

[step_timeout_s]
connect = 1.5

[identity]
client_id = "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"

[resources]
site = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Web/sites/func"
"""


def of_target(**keys: Any) -> Path:
    """The path of one target with these keys."""
    return from_mapping({"name": "orders", "targets": [{**TARGET, **keys}]}, source="test")


def of_path(**keys: Any) -> Path:
    """A path with one good target and these keys."""
    return from_mapping({"name": "orders", "targets": [TARGET], **keys}, source="test")


def told(error: pytest.ExceptionInfo[PathError]) -> list[str]:
    """The lines of an error, one for each problem."""
    return [str(problem) for problem in error.value.problems]


def test_every_default_is_filled_in() -> None:
    """A path of one name, role and URL has a value for everything else."""
    path = of_path()
    target = path.targets[0]
    assert (path.vantage, path.deadline_s, path.concurrency, path.client_id) == (Vantage.PROBE, 20.0, 50, None)
    assert set(path.step_timeout_s) == set(Step)
    assert (path.thresholds.certificate_days, path.thresholds.slow_resolve_ms) == (30, 500.0)
    assert (target.method, target.expected_status, target.private_subnets) == ("GET", (200,), ())
    assert (target.ca_file, target.audience, target.must_refuse, target.correlation) == (None, None, (), True)


def test_every_key_of_a_file_arrives(tmp_path: File) -> None:
    """What stands in a TOML file stands in the path."""
    file = tmp_path / "path.toml"
    file.write_text(TOML, encoding="utf-8")
    path = load(file)
    assert path.resolvers == (Resolver(name="on-premises", address="10.80.40.4", port=5353),)
    assert path.targets[0].must_refuse == (Credential.NONE,)
    assert [str(net) for net in path.targets[0].private_subnets] == ["10.80.20.0/27", "fd00:80::/64"]
    assert (path.deadline_s, path.thresholds.certificate_days, path.step_timeout_s[Step.CONNECT]) == (12.5, 14, 1.5)
    assert path.client_id == "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"
    assert path.resources["site"].endswith("/sites/func")
    assert path.target("backend") is path.targets[0]
    assert path.target("gateway") is None


def test_toml_and_json_are_equal() -> None:
    """The same content in TOML and in JSON is the same path."""
    table = {
        "name": "orders",
        "vantage": "probe",
        "deadline_s": 12.5,
        "resolvers": [{"name": "on-premises", "address": "10.80.40.4:5353"}],
        "targets": [
            {
                **TARGET,
                "private_subnets": ["10.80.20.0/27", "fd00:80::/64"],
                "expected_status": [200, 204],
                "audience": "api://orders",
                "must_refuse": ["none"],
            }
        ],
        "thresholds": {"certificate_days": 14},
        "step_timeout_s": {"connect": 1.5},
        "identity": {"client_id": "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"},
        "resources": {"site": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Web/sites/func"},
    }
    assert loads(TOML, source="toml") == loads(f"\n {json.dumps(table)}", source="json")


def test_certificate_files_are_taken_from_the_folder_of_the_path_file(tmp_path: File) -> None:
    """A relative ca_file lies beside the file that names it, wherever the process stands."""
    (tmp_path / "ca.pem").write_bytes(pem(authorities().root.certificate))
    (tmp_path / "path.toml").write_text(
        f'{TOML}\n[[targets]]\nname="scm"\nrole="scm"\nurl="https://a/"\nca_file="ca.pem"'
    )
    assert load(tmp_path / "path.toml").targets[1].ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_certificates_is_found_at_load(tmp_path: File, text: str) -> None:
    """A ca_file that no handshake could use is an error of the path, not of the sweep."""
    (tmp_path / "ca.pem").write_text(text, encoding="ascii")
    with pytest.raises(PathError) as error:
        of_target(ca_file=str(tmp_path / "ca.pem"))
    assert told(error)[0].startswith("targets[0].ca_file = ")
    assert told(error)[0].endswith("allowed: a PEM file with certificates")


@pytest.mark.parametrize(
    "url",
    [
        "https://10.80.20.4/api",
        "https://[fd00::4]/api",
        "https://func.privatelink.azurewebsites.net/api",
        "https://FUNC.azurewebsites.net/api",
        "https://func.azurewebsites.net./api",
        "https://func_orders.internal/api",
        "http://localhost:8080/?page=1",
    ],
)
def test_urls_that_are_findings_load(url: str) -> None:
    """An address or a privatelink name as host is a finding of the sweep, not an error of the file."""
    target = of_target(url=url).targets[0]
    assert target.host == target.host.lower().rstrip(".")
    assert (target.literal is not None) == ("10.80" in url or "fd00" in url)


def test_url_parts() -> None:
    """Host, port and scheme of a target are those of its URL; the path is never empty."""
    target = of_target(url="http://[FD00::4]:8080").targets[0]
    assert (target.url, target.host, target.port, target.https) == ("http://[FD00::4]:8080/", "fd00::4", 8080, False)
    assert [of_target(url=f"{scheme}://a/").targets[0].port for scheme in ("https", "http")] == [443, 80]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"url": "ftp://files.example.com/"}, 'url = "ftp://files.example.com/"'),
        ({"url": "https://"}, 'url = "https://"'),
        ({"url": "https://host:99999/"}, 'url = "https://host:99999/"'),
        ({"url": "https://host:0/"}, 'url = "https://host:0/"'),
        ({"url": "https://[fd00::4/"}, 'url = "https://[fd00::4/"'),
        ({"url": "https://a b/"}, 'url = "https://a b/"'),
        ({"url": "https://höst/"}, 'url = "https://höst/"'),
        ({"url": "https://host/#top"}, 'url = "https://host/#top"'),
        ({"url": f"https://{'a' * 64}.example/"}, 'url = "https://aaa'),
        ({"url": 5}, "url = 5"),
        ({"role": "bakend"}, 'role = "bakend": allowed: one of gateway, backend, scm'),
        ({"name": "Back End"}, 'name = "Back End": allowed: lower-case letters'),
        ({"name": True}, "name = true: allowed: lower-case letters"),
        ({"method": "POST"}, 'method = "POST": allowed: one that changes nothing: GET, HEAD, OPTIONS'),
        ({"private_subnets": ["10.80.20.1/27"]}, 'private_subnets[0] = "10.80.20.1/27": allowed: a network in CIDR'),
        ({"private_subnets": ["10.0.0.0/8", "10.80.20.4"]}, 'private_subnets[1] = "10.80.20.4": allowed: a network'),
        ({"private_subnets": "10.80.20.0/27"}, 'private_subnets = "10.80.20.0/27": allowed: a list of a network'),
        ({"expected_status": [99]}, "expected_status[0] = 99: allowed: 100 to 599"),
        ({"expected_status": ["200"]}, 'expected_status[0] = "200": allowed: 100 to 599'),
        ({"body_contains": " "}, 'body_contains = " ": allowed: text'),
        ({"body_contains": "orders", "method": "HEAD"}, 'body_contains = "orders": allowed: only beside a method'),
        ({"ca_file": "/nowhere/ca.pem"}, 'ca_file = "/nowhere/ca.pem": allowed: a PEM file with certificates'),
        ({"correlation": 1}, "correlation = 1: allowed: true or false"),
        ({"must_refuse": ["none"]}, 'must_refuse = ["none"]: allowed: only beside audience'),
        ({"must_refuse": ["token"], "audience": "a"}, 'must_refuse[0] = "token": allowed: one of none,'),
        ({"audience": "a", "url": "http://host/"}, 'audience = "a": allowed: only beside an https URL'),
        (
            {"intermediate_file": "x"},
            'intermediate_file = "x": allowed: did you mean intermediates_file? keys here are',
        ),
        ({"xyzzy": [1]}, "xyzzy = [1]: allowed: keys here are audience, body_contains"),
    ],
)
def test_a_wrong_key_of_a_target_is_named(keys: Mapping[str, Any], line: str) -> None:
    """Each mistake in a target is one problem with its key, its value and what is allowed."""
    with pytest.raises(PathError) as error:
        of_target(**keys)
    assert len(told(error)) == 1
    assert told(error)[0].startswith(f"targets[0].{line}")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"name": ""}, 'name = "": allowed: lower-case'),
        ({"vantage": "moon"}, 'vantage = "moon": allowed: one of probe, gateway, client, outside'),
        ({"deadline_s": 0.5}, "deadline_s = 0.5: allowed: 1 to 300 seconds"),
        ({"deadline_s": float("nan")}, "deadline_s = nan: allowed: 1 to 300 seconds"),
        ({"concurrency": 1.5}, "concurrency = 1.5: allowed: 1 to 1000"),
        ({"thresholds": {"certificate_days": -1}}, "thresholds.certificate_days = -1: allowed: 0 to 398 days"),
        ({"thresholds": []}, "thresholds = []: allowed: a table"),
        ({"step_timeout_s": {"conect": 1}}, "step_timeout_s.conect = 1: allowed: did you mean connect?"),
        ({"identity": {"client_id": 7}}, "identity.client_id = 7: allowed: the client id"),
        ({"resources": {"site": "func"}}, 'resources.site = "func": allowed: an Azure resource id'),
        ({"resolvers": [{"name": "dc", "address": "dns.corp"}]}, 'resolvers[0].address = "dns.corp": allowed: an add'),
        ({"resolvers": [{"name": "dc", "address": "10.0.0.4:0"}]}, 'resolvers[0].address = "10.0.0.4:0": allowed'),
        ({"resolvers": [{"name": "dc", "address": "10.0.0.4/8"}]}, 'resolvers[0].address = "10.0.0.4/8": allowed'),
        ({"resolvers": [{"name": "dc", "address": "fd00::53:"}]}, 'resolvers[0].address = "fd00::53:": allowed'),
        ({"resolvers": [{"name": "platform", "address": "10.0.0.4"}]}, 'resolvers[0].name = "platform": allowed: any'),
        ({"resolvers": {"name": "dc"}}, "resolvers = {name}: allowed: a list of a table"),
        ({"deadline": 3}, "deadline = 3: allowed: did you mean deadline_s? keys here are"),
        ({"targets": []}, "targets = []: allowed: at least one target"),
        ({"targets": [TARGET, TARGET]}, 'targets[1].name = "backend": allowed: a name of its own: targets[0] has it'),
    ],
)
def test_a_wrong_key_of_the_path_is_named(keys: Mapping[str, Any], line: str) -> None:
    """Each mistake beside the targets is one problem with its key, its value and what is allowed."""
    with pytest.raises(PathError) as error:
        of_path(**keys)
    assert len(told(error)) == 1
    assert told(error)[0].startswith(line)


def test_missing_keys_are_named() -> None:
    """A key that must be there and is not is told without a value."""
    with pytest.raises(PathError) as error:
        from_mapping({"targets": [{}]}, source="test")
    assert {line.partition(":")[0] for line in told(error)} == {
        "name",
        "targets[0].name",
        "targets[0].role",
        "targets[0].url",
    }
    assert all("is missing; allowed: " in line for line in told(error))


def test_all_problems_come_at_once() -> None:
    """An error has every mistake of the file, a line each, under the file's name."""
    with pytest.raises(PathError) as error:
        from_mapping(
            {"nam": "x", "deadline_s": 0, "targets": [{**TARGET, "role": "x", "method": "PUT"}]}, source="a.toml"
        )
    lines = str(error.value).splitlines()
    assert lines[0] == "a.toml: 5 problems"
    assert [line.split()[0] for line in lines[1:]] == [
        "name:",
        "targets[0].role",
        "targets[0].method",
        "deadline_s",
        "nam",
    ]


@pytest.mark.parametrize(
    "address", ["10.80.40.4", "10.80.40.4:5353", "fd00::53", "[fd00::53]", "[fd00::53]:5353", "168.63.129.16"]
)
def test_resolver_addresses(address: str) -> None:
    """IPv4 and IPv6 addresses of resolvers may have a port."""
    resolver = of_path(resolvers=[{"name": "dc", "address": address}]).resolvers[0]
    assert resolver.port == (5353 if address.endswith(":5353") else 53)
    assert resolver.address in {"10.80.40.4", "fd00::53", "168.63.129.16"}


@pytest.mark.parametrize(
    "url",
    [
        f"https://func.azurewebsites.net/api?code={SECRET}",
        f"https://func.azurewebsites.net/api?page=1&SIG={SECRET}",
        f"https://api.example.com/?subscription-key={SECRET}",
        f"https://user:{SECRET}@api.example.com/",
        f"https://user:p@{SECRET}@api.example.com/",
        f"ftp://api.example.com/?anything={SECRET}",
        f"https://api.example.com/#access_token={SECRET}",
        f"https://api.example.com/?code={SECRET}&x=' \"#{SECRET}",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    """A URL that holds a key or a password is an error whose text, in the file's place or a wrong one, lacks it."""
    for keys in ({"url": url}, {"urll": url}, {"private_subnets": url}, {"private_subnets": [url]}, {"x": {"y": url}}):
        with pytest.raises(PathError) as error:
            of_target(**keys)
        assert SECRET not in str(error.value)
        assert next(iter(keys)) in str(error.value)


@pytest.mark.parametrize("key", ["client_secret", "password", "api_key", "accessToken", "code", "connection_string"])
def test_a_secret_under_a_key_of_its_own_is_not_repeated(key: str) -> None:
    """The path file has no key for secrets; who puts one in anyway is told the key and not the value."""
    with pytest.raises(PathError) as error:
        of_path(identity={key: SECRET})
    assert SECRET not in str(error.value)
    assert f"identity.{key} = " in str(error.value)
    with pytest.raises(PathError) as error:
        of_path(auth={"client": {key: SECRET}})
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "name = ",
        "{",
        "{]",
        '{"a": ' * 100_000,
        "a = " + "[" * 5_000,
        "a = " + "1" * 9_000,
        '{"a": ' + "1" * 9_000 + "}",
    ],
    ids=["toml", "json", "brackets", "deep-json", "deep-toml", "long-toml", "long-json"],
)
def test_text_that_is_neither_toml_nor_json(text: str) -> None:
    """Text that cannot be parsed, also for its depth or its digits, is one problem of the whole file."""
    with pytest.raises(PathError, match=r"^setting: 1 problem\n  file = \"setting\": allowed: TOML, or JSON in braces"):
        loads(text, source="setting")


def test_a_number_without_end() -> None:
    """A number with more digits than Python writes out is an ordinary problem."""
    with pytest.raises(PathError, match="deadline_s = a number of 36000 bits"):
        loads(f"deadline_s = 0x{'f' * 9_000}", source="setting")


def test_unreadable_files(tmp_path: File) -> None:
    """A file that is missing, a folder, or not in UTF-8 is named together with the reason."""
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    for file, why in (
        (tmp_path / "none.toml", "No such file"),
        (tmp_path, "Is a dir"),
        (tmp_path / "latin.toml", "Unic"),
    ):
        with pytest.raises(PathError) as error:
            load(file)
        assert str(file) in str(error.value)
        assert why in str(error.value)


def test_roles_decide_what_is_expected() -> None:
    """Correlation is expected of gateway and backend, privacy of everything but ingestion."""
    targets = {role: of_target(role=role.value).targets[0] for role in Role}
    assert {role for role in Role if targets[role].correlation} == {Role.GATEWAY, Role.BACKEND}
    assert {role for role in Role if not targets[role].must_be_private} == {Role.INGESTION}
    assert of_target(role="ingestion", private_subnets=["10.0.0.0/24"]).targets[0].must_be_private


def test_a_problem_writes_out_what_would_move_a_cursor() -> None:
    r"""A value with an escape sequence in it is told as `\x1b`, wherever the message goes."""
    with pytest.raises(PathError) as error:
        of_target(name="\x1b[2Jgone\u202e")
    assert "\\x1b[2Jgone\\u202e" in str(error.value)
    assert "\x1b" not in str(error.value)
