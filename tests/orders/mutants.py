"""The mutation run: without any one check of the app's identity, the attacks must get through somewhere.

`python -m tests.orders.mutants [NAME ...]` copies the app, takes one check out of the copy, and runs the tests against
it until one fails: that one has killed the mutant. A mutant that survives is a check that no test needs; the exit code
is 1 then. It takes minutes, and is no part of the tests.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.orders.mutations import CERTIFICATES, FUNCTION_KEYS, KEYS, MUTATIONS, SETTINGS, TOKENS, Mutation

ROOT = Path(__file__).parents[2]
TESTS = (
    *(f"attacks/test_{name}.py" for name in ("claims", "forms", "signatures", "headers", "choice")),
    *(f"attacks/test_{name}.py" for name in ("function_keys", "certificates", "certificate_forms")),
    *(
        "test_key_sets.py",
        "test_keys.py",
        "test_settings.py",
        "test_identity.py",
        "attacks/test_certificate_settings.py",
    ),
    *("attacks/test_withdrawn_keys.py", "attacks/test_altered.py"),
)
NEAREST = {
    TOKENS: ("claims", "forms", "signatures", "headers"),
    KEYS: ("test_key",),
    FUNCTION_KEYS: ("function_keys",),
    CERTIFICATES: ("test_certificates", "certificate_forms"),
    SETTINGS: ("test_settings", "certificate_settings", "function_keys"),
}
"""Tests that are run first, as they are likely to kill."""
LONGEST_RUN_S = 600
FAILED = re.compile(r"^(?:FAILED|ERROR) (?P<test>\S+?::.*?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a run ended: killed by a test, survived (None), or broken, so that it shows nothing."""

    killed_by: str | None
    broken: str | None = None


def mutated(mutation: Mutation, text: str) -> str:
    """The text of a file without the check; raises ValueError where it is not there, or is there twice."""
    if text.count(mutation.before) != 1:
        raise ValueError(f"{mutation.name}: {mutation.before!r} stands {text.count(mutation.before)} times")
    after = text.replace(mutation.before, mutation.after)
    compile(after, mutation.file, "exec")
    return after


def verdict_on(mutation: Mutation | None) -> Verdict:
    """Run the tests against a copy of the app, without the check of the mutation."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        app = Path(folder, "orders")
        shutil.copytree(ROOT / "orders", app, ignore=shutil.ignore_patterns("__pycache__"))
        if mutation:
            file = app / "orders_api" / mutation.file
            file.write_text(mutated(mutation, file.read_text(encoding="utf-8")), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider", *ordered(mutation)]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=os.environ | {"ORDERS_UNDER_TEST": str(app)},
                capture_output=True,
                text=True,
                timeout=LONGEST_RUN_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict(killed_by=None, broken="the run did not end")
    if done.returncode == 0:
        return Verdict(killed_by=None)
    failed = FAILED.search(done.stdout)
    if done.returncode == 1 and failed:
        return Verdict(killed_by=failed["test"].removeprefix("tests/orders/"))
    return Verdict(killed_by=None, broken=done.stdout[-500:] + done.stderr[-500:])


def ordered(mutation: Mutation | None) -> list[str]:
    """The test files, the nearest to the mutated one first."""
    nearest = NEAREST.get(mutation.file, ()) if mutation else ()
    return [
        f"tests/orders/{test}" for test in sorted(TESTS, key=lambda test: not any(name in test for name in nearest))
    ]


def tell(name: str, verdict: Verdict) -> bool:
    """Print how it ended; whether the mutant is dead."""
    ending = verdict.killed_by or (f"BROKEN {verdict.broken}" if verdict.broken else "SURVIVED")
    sys.stdout.write(f"{name:<40} {ending}\n")
    sys.stdout.flush()
    return verdict.killed_by is not None


def chosen(names: Iterable[str]) -> list[Mutation]:
    """The mutations of these names, all without any; raises ValueError for a name that is none."""
    known = {mutation.name: mutation for mutation in MUTATIONS}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"there is no mutation {', '.join(unknown)}")
    return [known[name] for name in names] or list(MUTATIONS)


def main() -> int:
    """Run them all; 0 = every mutant was killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.orders.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutations, all unless given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    mutations = chosen(arguments.names)
    untouched = verdict_on(None)
    if untouched.killed_by or untouched.broken:
        # Tests that fail anyway kill nothing.
        tell("the app as it is", untouched)
        return 1
    with ThreadPoolExecutor(arguments.jobs) as pool:
        verdicts = pool.map(verdict_on, mutations)
        dead = [tell(mutation.name, verdict) for mutation, verdict in zip(mutations, verdicts, strict=True)]
    sys.stdout.write(f"{sum(dead)} of {len(dead)} mutants killed\n")
    return 0 if all(dead) else 1


if __name__ == "__main__":
    sys.exit(main())
