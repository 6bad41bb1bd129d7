"""The orders app's package, whose own reader judges the settings that are deployed, and the counts at the end."""

import sys

import pytest

from tests.infra import bicep

# Last, so that no `function_app` of another app is hidden by it.
sys.path.append(str(bicep.ROOT / "orders"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much stands behind the word "checked"."""
    from tests.infra.mutations import MUTATIONS, batches  # noqa: PLC0415 - the path above comes first
    from tests.infra.rules import EVERY_RULE  # noqa: PLC0415
    from tests.infra.variants import VARIANTS  # noqa: PLC0415

    resources = bicep.read(bicep.INFRA / "main.snapshot.json").resources
    terminalreporter.write_line(
        f"infra: {len(resources)} resources of {len({each['type'] for each in resources})} types, "
        f"{len(EVERY_RULE)} rules on {len(VARIANTS) + 1} deployments, "
        f"{len(MUTATIONS)} mutations in {len(list(batches()))} evaluations"
        + ("" if bicep.find() else "; no Bicep CLI: the source was not compiled")
    )
