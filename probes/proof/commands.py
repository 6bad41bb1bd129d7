"""What would measure what is lacking: the command as it can be typed, with the names of the proof in it. Pure."""

import shlex
from collections.abc import Iterable, Iterator

from probes.path import Role
from probes.proof.records import Origin, Proof
from probes.proof.stage import Lacking, Want
from probes.records import Vantage

PROBES = "probes"
FILE = "PATH.toml"
GUID = "WORKSPACE_ID"
DIAGNOSE_PATH = "/diagnostics/diagnose"
"""Where the deployed gateway publishes the probe app."""
KEY_SETTING = "GATEWAY_KEY"
MANY = 3_600.0
PLACES = {
    Vantage.CLIENT: "Where a client is:",
    Vantage.PROBE: "In the subnet of the probe app:",
    Vantage.OUTSIDE: "In a network that must not reach the backend:",
}
LAB = "lab"


def measures(lacking: Iterable[Lacking], proof: Proof) -> tuple[str, ...]:
    """The steps for everything that is lacking, each told once."""
    return tuple(dict.fromkeys(step for part in lacking for step in _steps(part, proof)))


def _steps(part: Lacking, proof: Proof) -> Iterator[str]:
    match part.want:
        case Want.CLIENT | Want.OUTSIDE:
            yield from _elsewhere(Vantage(part.want.value), proof)
        case Want.PROBE:
            yield from _probe(proof)
        case Want.WORKSPACE:
            yield again(proof, workspace=True)
        case Want.LATER:
            longer = min(max(proof.asked.wait_s * 2, 600.0), MANY)
            yield again(proof, workspace=True, wait_s=longer)
            yield from _traces(proof)
        case Want.AZURE:
            yield "Sign in as somebody who may read the path's resources (az login; the role Reader), and then:"
            yield again(proof)
        case Want.PATH_FILE:
            yield f"In the path file: {part.hint}"
        case Want.MEND:
            if part.hint:
                yield part.hint


def _elsewhere(vantage: Vantage, proof: Proof) -> Iterator[str]:
    """On another machine, or on this one where it stands there; then here, with its file."""
    file = f"{vantage}.json"
    yield PLACES[vantage]
    yield _line(*_path(proof), "--vantage", vantage.value, "-o", file)
    yield "Then, with its file:"
    yield again(proof, merge=(file,))


def _probe(proof: Proof) -> Iterator[str]:
    gateway = next((target for target in proof.path.targets if target.role is Role.GATEWAY), None)
    if gateway is None or not gateway.https:
        yield from _elsewhere(Vantage.PROBE, proof)
        return
    url = proof.asked.diagnose or f"https://{gateway.host}{DIAGNOSE_PATH}"
    yield again(proof, diagnose=url)


def again(
    proof: Proof,
    *,
    workspace: bool = False,
    wait_s: float | None = None,
    diagnose: str | None = None,
    merge: tuple[str, ...] = (),
) -> str:
    """The command that made the proof, with what it lacked."""
    asked = proof.asked
    words = [*_path(proof)]
    here = next((look for look in proof.looks if look.origin is Origin.HERE), None)
    if here is not None:
        words += ["--vantage", here.vantage.value]
    if asked.workspace == LAB:
        words.append("--lab")
    elif asked.workspace is not None or workspace:
        words += ["--workspace", asked.workspace or GUID]
    url = diagnose or asked.diagnose
    if url is not None:
        words += ["--diagnose", url]
        words += ["--key-setting", asked.key_setting or KEY_SETTING] if asked.key_setting or diagnose else []
    files = dict.fromkeys((*(look.file for look in proof.looks if look.file is not None), *merge))
    if files:
        words += ["--merge", *files]
    if wait_s is not None:
        words += ["--wait", f"{wait_s:g}"]
    return _line(*words, "-o", "proof.json")


def _traces(proof: Proof) -> Iterator[str]:
    where = ["--lab"] if proof.asked.workspace == LAB else ["--workspace", proof.asked.workspace or GUID]
    for call in proof.calls:
        yield shlex.join([PROBES, "trace", call.correlation_id, *where])


def _path(proof: Proof) -> list[str]:
    words = ["--path", proof.asked.path_file or FILE]
    if proof.asked.surroundings_file is not None:
        words += ["--surroundings", proof.asked.surroundings_file]
    return words


def _line(*words: str) -> str:
    return shlex.join([PROBES, "prove", *words])
