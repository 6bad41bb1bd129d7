"""The files by which probes in processes of their own see a lab that stands."""

from dataclasses import dataclass
from pathlib import Path as File
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from lab.replica import Replica


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where they are.

    Attributes:
        path: of the scenario; `reading` = the same, with a probe that reads Azure.
        surroundings: where everything stands; `outside` = as a network outside sees it.
        client_proof, proof, outside_proof: for who proves the path; the lab does not write them.
    """

    path: File
    reading: File
    surroundings: File
    outside: File
    client_proof: File
    proof: File
    outside_proof: File

    @classmethod
    def within(cls, folder: File) -> Self:
        """Those of a lab with this folder."""
        return cls(
            path=folder / "path.json",
            reading=folder / "path-azure.json",
            surroundings=folder / "surroundings.json",
            outside=folder / "outside.json",
            client_proof=folder / "proof-client.json",
            proof=folder / "proof.json",
            outside_proof=folder / "proof-outside.json",
        )

    def write(self, replica: "Replica") -> None:
        """Write them down, as the lab is now."""
        from lab import surroundings_file  # noqa: PLC0415 - the lab is no part of what is deployed
        from lab.probe_app import path_setting  # noqa: PLC0415 - as above
        from lab.scenarios.azure.world import with_reads  # noqa: PLC0415 - as above

        self.path.write_text(path_setting(replica), encoding="utf-8")
        self.reading.write_text(path_setting(replica, with_reads(replica.world)), encoding="utf-8")
        surroundings_file.write(self.surroundings, replica)
        surroundings_file.write(self.outside, replica, outside=True)
