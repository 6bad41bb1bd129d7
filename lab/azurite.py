"""Azurite, Microsoft's emulator of Azure Storage: its Table service, over TLS and with tokens.

It checks audience, issuer and dates of a token, not its signature (`--oauth basic`). Whoever calls it must trust the
authority in `ca_file`: OpenSSL does so by SSL_CERT_FILE. By name it could not be called: azure-data-tables takes
`localhost` for Cosmos DB and asks for a token of that.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableClient

from lab.entra import Entra
from lab.managed_identity import OBJECT_ID
from lab.network import LOOPBACK
from lab.stream_server import bound

FOLDER = Path(__file__).parent.parent / ".lab" / "azurite"
PROGRAM = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "table" / "main.js"
OPTIONS = ("--silent", "--disableTelemetry", "--inMemoryPersistence", "--skipApiVersionCheck", "--oauth", "basic")
ACCOUNT = "devstoreaccount1"
AUDIENCE = "https://storage.azure.com"
START_S = 30.0


class Operator(AsyncTokenCredential):
    """Signs in at the storage with a token of the tenant."""

    def __init__(self, entra: Entra) -> None:
        """Of this tenant."""
        self._entra = entra

    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """A new token each time."""
        token = self._entra.issue(AUDIENCE, client_id=OBJECT_ID, object_id=OBJECT_ID, roles=(), version="1.0")
        return AccessToken(token, 0)

    async def close(self) -> None:
        """There is nothing to close."""

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Nor here."""


class Azurite:
    """One emulator; what it holds is gone when it stops.

    Attributes:
        port: the same again after a stop.
        ca_file: the authority that issued its certificate, in PEM.
        cert_file: its certificate, in PEM, good for whatever stands at its address.
        key_file: the key of that.
    """

    def __init__(self, entra: Entra, folder: Path) -> None:
        """Keep certificate and log in this folder; `start` runs one."""
        self._entra = entra
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0
        self.ca_file = folder / "ca.pem"
        self.cert_file = folder / "cert.pem"
        self.key_file = folder / "key.pem"

    @classmethod
    async def start(cls, entra: Entra) -> Self:
        """An emulator on a free port of loopback, for identities of this tenant.

        Raises:
            RuntimeError: it is not installed, or does not listen; the message says what to do, or holds its log.
        """
        azurite = cls(entra, Path(tempfile.mkdtemp(prefix="lab-azurite-")))
        await asyncio.to_thread(azurite._certify)
        with bound() as sock:
            azurite.port = sock.getsockname()[1]
        try:
            await azurite.run()
        except BaseException:
            await azurite.aclose()
            raise
        return azurite

    @property
    def endpoint(self) -> str:
        """URL of the account, as ORDERS_TABLE_ENDPOINT takes it."""
        return f"https://{LOOPBACK}:{self.port}/{ACCOUNT}"

    async def run(self) -> None:
        """Start the program, empty, and wait until it listens; see `start`."""
        node = shutil.which("node")
        if node is None or not PROGRAM.exists():
            raise RuntimeError(
                f"{PROGRAM} and Node.js are needed: `make {FOLDER.relative_to(FOLDER.parents[1])}/ready`"
            )
        log = self._folder / "log"
        with log.open("wb") as out:
            self._process = await asyncio.create_subprocess_exec(
                *(node, str(PROGRAM), "--tableHost", LOOPBACK, "--tablePort", str(self.port), *OPTIONS),
                *("--cert", str(self.cert_file), "--key", str(self.key_file)),
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
            )
        try:
            async with asyncio.timeout(START_S):
                while not await self._listens():
                    if self._process.returncode is not None:
                        raise RuntimeError(f"Azurite ended:\n{log.read_text()}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise RuntimeError(f"Azurite does not listen:\n{log.read_text()}") from None

    async def stop(self) -> None:
        """End the program."""
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def aclose(self) -> None:
        """End it for good."""
        await self.stop()
        await asyncio.to_thread(shutil.rmtree, self._folder)

    async def __aenter__(self) -> Self:
        """The emulator itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        await self.aclose()

    def table(self, name: str) -> TableClient:
        """A client of one table, for whoever sets the storage up or looks into it; close it."""
        return TableClient(
            self.endpoint, name, credential=Operator(self._entra), retry_total=0, connection_verify=str(self.ca_file)
        )

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        writer.close()
        return True

    def _certify(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        leaf = authority.issue_cert(LOOPBACK)
        leaf.private_key_pem.write_to_path(str(self.key_file))
        for certificate in leaf.cert_chain_pems:
            certificate.write_to_path(str(self.cert_file), append=True)
