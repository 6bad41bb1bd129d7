"""Files of the lab's authorities, for everything that verifies certificates."""

from pathlib import Path as File

import pytest

from lab.certificates import authorities, pem


@pytest.fixture(scope="session")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The lab's root, as a path file names it."""
    return _written(tmp_path_factory.mktemp("ca") / "ca.pem", pem(authorities().root.certificate))


@pytest.fixture(scope="session")
def intermediates_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The lab's intermediate."""
    return _written(tmp_path_factory.mktemp("ca") / "intermediates.pem", pem(authorities().intermediate.certificate))


def _written(file: File, content: bytes) -> str:
    file.write_bytes(content)
    return str(file)
