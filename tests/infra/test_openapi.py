"""The OpenAPI documents: valid, complete, and about the apps as they are."""

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from orders_api.problem import Reason as OrdersReason
from probes.app.diagnose import PARAMETERS
from probes.app.problem import Reason as ProbeReason
from probes.judge.finding import Verdict
from tests.infra.bicep import INFRA, ROOT

DOCUMENTS = {"orders": ROOT / "orders" / "function_app.py", "diagnostics": ROOT / "function_app.py"}
REASONS: Mapping[str, list[str]] = {"orders": [*OrdersReason], "diagnostics": [*ProbeReason]}
PREFIX = "https://api.internal.example.com/"


def document(name: str) -> dict[str, Any]:
    """One document."""
    found: dict[str, Any] = json.loads((INFRA / "openapi" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def operations(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation."""
    for path, methods in document(name)["paths"].items():
        yield from ((method.upper(), path, operation) for method, operation in methods.items())


def routes(file: Path) -> dict[tuple[str, str], str]:
    """Method and path of each HTTP function of an app to its name, as the worker library indexes them."""
    folder = str(file.parent)
    sys.path.insert(0, folder)
    try:
        spec = spec_from_file_location(f"app_of_{file.parent.name}", file)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    found = {}
    for function in module.app.get_functions():
        for binding in map(json.loads, function.get_raw_bindings()):
            for method in binding.get("methods", []):
                found[method, f"/{binding['route']}"] = function.get_function_name()
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_document_is_valid(name: str) -> None:
    """API Management refuses a document that is not."""
    validate(document(name))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_operations_are_the_routes_of_the_app(name: str) -> None:
    """Neither an operation that nobody answers, nor a route that the gateway does not know: that one is a 404 there."""
    described = {(method, path): operation["operationId"] for method, path, operation in operations(name)}
    real = routes(DOCUMENTS[name])
    assert described.keys() == real.keys()
    for route, function in real.items():
        spoken = described[route].removesuffix(f"-{route[0].lower()}").replace("-", "_")
        assert spoken == function, route


@pytest.mark.parametrize("name", DOCUMENTS)
def test_operation_ids_are_unique_and_speakable(name: str) -> None:
    """API Management makes the names of its operations from them, and replaces what it does not like."""
    ids = [operation["operationId"] for _, _, operation in operations(name)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z-]*", each) for each in ids)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_path_parameters_are_described(name: str) -> None:
    """API Management refuses a path with a parameter that no operation describes."""
    for _, path, operation in operations(name):
        described = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert described == set(re.findall(r"{(\w+)}", path)), path


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_reason_is_listed(name: str) -> None:
    """A caller who looks for a reason finds it, also one that came later than the document."""
    text = document(name)["components"]["schemas"]["Problem"]["properties"]["reason"]["description"]
    assert [reason for reason in REASONS[name] if not re.search(rf"\b{reason}\b", text)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_error_is_a_problem_and_every_answer_has_the_id(name: str) -> None:
    """The two things that a caller may rely on whatever happens."""
    whole = document(name)
    for method, path, operation in operations(name):
        for status, response in operation["responses"].items():
            resolved = resolve(whole, response)
            if status.startswith("2"):
                assert "x-correlation-id" in resolved["headers"], (method, path)
            elif method != "HEAD":
                assert "application/problem+json" in resolved["content"], (method, path, status)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_server_is_the_gateway(name: str) -> None:
    """The path of the API in the deployment is the one in the document."""
    (server,) = document(name)["servers"]
    declared = re.findall(r"path: '([\w-]+)'", (INFRA / "modules" / "apis.bicep").read_text(encoding="utf-8"))
    assert server["url"].removeprefix(PREFIX) == name
    assert name in declared


def test_the_diagnosis_has_the_parameters_and_verdicts_of_the_app() -> None:
    """A parameter that the app does not know is a 400, and a verdict that nobody expects is an error in the client."""
    whole = document("diagnostics")
    for method, path, operation in operations("diagnostics"):
        if path == "/diagnose":
            assert {each["name"] for each in operation["parameters"]} == set(PARAMETERS), method
    verdicts = [verdict.value for verdict in Verdict]
    assert sorted(whole["components"]["schemas"]["Sweep"]["properties"]["verdict"]["enum"]) == sorted(verdicts)


def test_orders_are_as_the_app_makes_and_takes_them() -> None:
    """What the document calls valid the app takes, and the limits are the same."""
    whole = document("orders")
    schemas = whole["components"]["schemas"]
    source = ast.parse((ROOT / "orders" / "orders_api" / "order.py").read_text(encoding="utf-8"))
    constants = {
        node.targets[0].id: node.value.value
        for node in source.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    draft = schemas["Draft"]["properties"]
    assert draft["customer"]["maxLength"] == constants["LONGEST_CUSTOMER"]
    assert draft["lines"]["maxItems"] == constants["MOST_LINES"]
    assert schemas["Line"]["properties"]["quantity"]["maximum"] == constants["MOST_PIECES"]
    inlined = {**schemas["Draft"], "properties": {**draft, "lines": {**draft["lines"], "items": schemas["Line"]}}}
    example = whole["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["example"]
    jsonschema.validate(example, inlined)


def resolve(whole: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference points at."""
    if "$ref" not in node:
        return node
    found: Any = whole
    for part in str(node["$ref"]).removeprefix("#/").split("/"):
        found = found[part]
    return resolve(whole, found)
