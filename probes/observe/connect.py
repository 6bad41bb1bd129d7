"""Step `connect`: one TCP connection to one address."""

from probes.failure import Failure
from probes.observe.classify import failure_of
from probes.observe.notebook import Mark, Notebook, within
from probes.observe.stream import Stream
from probes.records import Connection, Step


async def connect(
    notebook: Notebook, mark: Mark, address: str, port: int, *, resolver: str | None
) -> tuple[Connection, Stream | None]:
    """The record, and the connection where there is one; whoever gets it closes it."""
    started_ms = notebook.elapsed_ms()
    failure, detail, stream = None, None, None
    try:
        endpoint = notebook.surroundings.endpoint(address, port)
        async with within(notebook.limit(Step.CONNECT)):
            stream = await Stream.connect(*endpoint)
    except Exception as error:  # noqa: BLE001 - classified; what is not known is recorded as unknown
        failure, detail = failure_of(error)
    record = notebook.write(
        Connection,
        mark,
        address,
        started_ms,
        failure=failure,
        detail=detail,
        resolver=resolver,
        address=address,
        port=port,
        source_address=stream.source_address if stream else None,
    )
    return record, stream


def skip(notebook: Notebook, mark: Mark, address: str, port: int, *, resolver: str | None, why: str) -> Connection:
    """The record of an address that is not tried, so that nobody takes it for one that answered."""
    return notebook.write(
        Connection,
        mark,
        address,
        notebook.elapsed_ms(),
        failure=Failure.SKIPPED,
        detail=why,
        resolver=resolver,
        address=address,
        port=port,
        source_address=None,
    )
