"""Application Insights through azure-monitor-opentelemetry, configured once, by whoever owns it.

The owner is this app, with the setting PYTHON_ENABLE_OPENTELEMETRY=true: then the worker hands over the host's trace
context, and the host stops sending the worker's logs a second time. With
PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY=true the worker has configured the same packages before this module is
imported, in a way of its own; a second time would only make a second set of exporters.
"""

import logging
import os
from enum import StrEnum

LOGGER = "probes"
"""Only below this name: on the root logger, the exporter's own log of its sending would be sent in turn, for ever."""
CONNECTION_STRING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
AUTHENTICATION_STRING = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
OWNED_BY_WORKER = "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"
WORKERS_LOGGER = "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME"
OWNED_BY_APP = "PYTHON_ENABLE_OPENTELEMETRY"
DEFAULTS = {
    # A sweep a minute is a span a minute. The distro's default drops the first, and all but five a second.
    "OTEL_TRACES_SAMPLER": "always_on",
    # The cloud role is the app's name; without this it is unknown_service:python.
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "azure_functions",
    # The distro would trace every HTTP call of the process and send its trace context to whoever is called.
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": (
        "azure_sdk,django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3"
    ),
    # Nothing goes to addresses that a closed network does not know, and no metrics about the SDK itself.
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "true",
}
"""Environment that the packages read when they are imported or configured; an app setting goes before each."""

logger = logging.getLogger(__name__)


class Telemetry(StrEnum):
    """Who sends telemetry."""

    OFF = "off"
    """Nobody: there is no connection string."""
    APP = "app"
    WORKER = "worker"
    FAILED = "failed"
    """There is a connection string, and the packages will not have it."""


def configure() -> Telemetry:
    """Send the spans and metrics of the process and the logs below `probes`; to be called once, before any other use.

    Never raises: it runs at the app's import, and an app without telemetry still answers.
    """
    if not os.environ.get(CONNECTION_STRING):
        return Telemetry.OFF
    logging.getLogger(LOGGER).setLevel(logging.INFO)
    if _is_true(os.environ.get(OWNED_BY_WORKER)):
        _live_with_the_workers()
        return Telemetry.WORKER
    if not _is_true(os.environ.get(OWNED_BY_APP)):
        logger.warning("%s is not true: logs reach Application Insights twice, through the host as well", OWNED_BY_APP)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if AUTHENTICATION_STRING in os.environ:
        os.environ[AUTHENTICATION_STRING] = tidy(os.environ[AUTHENTICATION_STRING])
    try:
        # Only now: the environment is read at import, which takes a quarter of a second that an unmonitored app saves.
        from azure.monitor.opentelemetry import configure_azure_monitor  # noqa: PLC0415

        configure_azure_monitor(logger_name=LOGGER, enable_live_metrics=False, enable_performance_counters=False)
    except Exception as error:  # noqa: BLE001 - a connection string cut short must not empty the whole app
        logger.error("No telemetry: %s is not usable (%s)", CONNECTION_STRING, type(error).__name__)  # noqa: TRY400 - a stack would show the string
        return Telemetry.FAILED
    return Telemetry.APP


def tidy(authentication: str) -> str:
    """The authentication string without blanks and empty parts.

    With a semicolon at its end the exporter cannot read it, and sends without a token: all is refused, silently.
    """
    return ";".join(part.strip() for part in authentication.split(";") if part.strip())


def _live_with_the_workers() -> None:
    """What can still be kept of the set-up above, and a word on what cannot."""
    for chatty in ("azure.core", "azure.monitor"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    lost = ["live metrics and performance counters off", *(name for name in DEFAULTS if name not in os.environ)]
    if not os.environ.get(WORKERS_LOGGER):
        lost.append(WORKERS_LOGGER)
    authentication = os.environ.get(AUTHENTICATION_STRING, "")
    if authentication != tidy(authentication):
        lost.append(f"{AUTHENTICATION_STRING} without empty parts")
    logger.warning(
        "%s is true, so the worker has configured telemetry and this app has not. Lost: %s. Remove it, and set %s=true",
        OWNED_BY_WORKER,
        ", ".join(lost),
        OWNED_BY_APP,
    )


def _is_true(value: str | None) -> bool:
    """As the worker reads a setting."""
    return value is not None and value.lower().strip() in {"true", "1", "t", "y", "yes"}
