"""What App Service and the Functions host answer in place of the application, as a client sees it.

The statuses, reason phrases, headers, titles and telling sentences are those that were observed (App Service) or read
in the source of the Functions host (HostAvailabilityCheckMiddleware, HttpContextExtensions); the rest of each page is
the lab's own, and shorter.
"""

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from lab.http import Response

HTML = ("Content-Type", "text/html")
UNAVAILABLE = "Web App - Unavailable"


def ip_forbidden(caller: str) -> Response:
    """The public front end refuses a caller: no public access, or no rule for the address."""
    text = "The web app you have attempted to reach has blocked your access."
    headers = (HTML, ("x-ms-forbidden-ip", caller), ("Connection", "close"))
    return Response(
        status=403, reason="Ip Forbidden", headers=headers, body=_page(UNAVAILABLE, "Error 403 - Forbidden", text)
    )


def site_disabled() -> Response:
    """The app is stopped, or its plan's quota is used up."""
    page = _page(
        UNAVAILABLE,
        "Error 403 - This web app is stopped.",
        "The web app you have attempted to reach is currently stopped and does not accept any requests.",
    )
    return Response(status=403, reason="Site Disabled", headers=(HTML,), body=page)


def site_not_found() -> Response:
    """No app on this front end has the host name."""
    page = _page("404 Web Site not found", "Error 404 - Web app not found", "No web app has this host name.")
    return Response(status=404, reason="Site Not Found", headers=(HTML,), body=page)


def host_not_running() -> Response:
    """The Functions host did not become ready within 30 seconds."""
    headers = (("Content-Type", "text/plain; charset=utf-8"),)
    return Response(status=503, reason="Service Unavailable", headers=headers, body=b"Function host is not running.")


def app_offline() -> Response:
    """`app_offline.htm` lies in the app's folder: a deployment is under way."""
    page = _page("Offline", "Offline", "This app is being deployed and will be back in a moment.")
    return Response(status=503, reason="Service Unavailable", headers=(HTML,), body=page)


def bad_gateway() -> Response:
    """The front end has no answer from the worker."""
    page = _page("502 - Bad Gateway", "502 - Web server received an invalid response", "It was acting as a gateway.")
    return Response(status=502, reason="Bad Gateway", headers=(HTML,), body=page)


def kudu_unauthorized() -> Response:
    """The deployment site asks who is calling."""
    return Response(status=401, reason="Unauthorized", headers=(("WWW-Authenticate", 'Basic realm="site"'),))


def dated(response: Response) -> Response:
    """The response with a Date header (RFC 9110 section 6.6.1), where it has none and is one."""
    if response.raw is not None or any(name.lower() == "date" for name, _ in response.headers):
        return response
    date = ("Date", format_datetime(datetime.now(UTC), usegmt=True))
    return replace(response, headers=(*response.headers, date))


def _page(title: str, heading: str, text: str) -> bytes:
    title, heading, text = escape(title), escape(heading), escape(text)
    head, body = f"<head><title>{title}</title></head>", f"<body><h1>{heading}</h1><p>{text}</p></body>"
    return f"<!DOCTYPE html><html>{head}{body}</html>".encode("ascii")
