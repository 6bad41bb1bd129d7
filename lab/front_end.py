"""App Service's front end: who gets through to the web app, and what stands in its way."""

import asyncio
from collections.abc import Mapping

from lab import pages
from lab.http import Handler, Request, Response
from lab.world import Site, SiteState

CALLER = "198.51.100.7"
"""Address that the public front end sees the probe come from."""
SLOWNESS_S = 2.5
TRUNCATED = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n{"service": "orders", '
GARBAGE = b"\x15\x03\x00 this is not the protocol you are looking for\r\n\r\n"
PAGES: Mapping[SiteState, Response] = {
    SiteState.STOPPED: pages.site_disabled(),
    SiteState.HOST_DOWN: pages.host_not_running(),
    SiteState.OFFLINE: pages.app_offline(),
    SiteState.UNANSWERED: pages.bad_gateway(),
    SiteState.ERROR: Response(status=500, reason="Internal Server Error"),
    SiteState.TRUNCATES: Response(status=200, raw=TRUNCATED),
    SiteState.GARBAGE: Response(status=200, raw=GARBAGE),
}
"""What is answered in place of the application."""


class FrontEnd:
    """The handler of one listener that serves a site."""

    def __init__(self, site: Site, *, public: bool, application: Handler) -> None:
        """Serve the site; `public` = on its public address. `application` is called for what gets through."""
        self._site = site
        self._public = public
        self._application = application
        self._hosts = {host.lower() for host in site.hosts}

    def turn(self, site: Site) -> None:
        """Take up another network access; connections stay as they are."""
        self._site = site

    async def __call__(self, request: Request) -> Response:
        """Answer one request, in the order of the real checks: host name, network, deployment site, state."""
        return pages.dated(await self._answer(request))

    async def _answer(self, request: Request) -> Response:
        host = (request.header("host") or "").partition(":")[0].lower()
        if host not in self._hosts:
            return pages.site_not_found()
        if self._public and not self._site.public_access:
            return pages.ip_forbidden(CALLER)
        if ".scm." in host:  # Kudu: it runs beside the app, whatever state that is in
            return pages.kudu_unauthorized()
        return await self._in_state(request)

    async def _in_state(self, request: Request) -> Response:
        match self._site.state:
            case state if state in PAGES:
                return PAGES[state]
            case SiteState.HANGS:
                await asyncio.Event().wait()
            case SiteState.SLOW:
                await asyncio.sleep(SLOWNESS_S)
            case _:
                pass
        return await self._application(request)
