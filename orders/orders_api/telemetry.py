"""Application Insights through azure-monitor-opentelemetry, configured once, by the app.

The app settings must hold PYTHON_ENABLE_OPENTELEMETRY=true: then the worker hands over the host's trace context and
leaves the set-up to the app, and the host stops sending the worker's logs a second time. The worker reads it before
this module is imported, so it cannot be set here.
"""

import logging
import os

DEFAULTS = {
    # Every call is a request record. The distro's default drops all but five a second, the host's flag drops the rest.
    "OTEL_TRACES_SAMPLER": "always_on",
    # The cloud role is the app's name; without this it is unknown_service:python.
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "azure_functions",
    # The distro would trace the app's own httpx calls and send their trace context to whoever is called.
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


def configure(logger_name: str) -> None:
    """Send the spans of the process and the logs below `logger_name`, stamped; nothing without a resource.

    Only an own name space: below the root logger the exporter's records of its own sending would be sent in turn.
    """
    if not os.environ.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        return
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    # Only now: the environment is read at import, which takes a quarter of a second that an unmonitored app can save.
    from azure.monitor.opentelemetry import configure_azure_monitor  # noqa: PLC0415

    from orders_api.stamp import LogStamp, SpanStamp  # noqa: PLC0415 - it imports the SDK

    configure_azure_monitor(
        logger_name=logger_name,
        span_processors=[SpanStamp()],
        enable_live_metrics=False,
        enable_performance_counters=False,
    )
    logger = logging.getLogger(logger_name)
    logger.setLevel(logging.INFO)
    for handler in logger.handlers:
        handler.addFilter(LogStamp())
