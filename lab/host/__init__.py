"""A stand-in for the Azure Functions host around Microsoft's own Python worker library.

The worker (`azure_functions_runtime`) indexes the app and runs its functions; what the host does around it is imitated
as it was seen on a running host: routing, keys, header names, bodies, status codes, timers, limits.

What it cannot imitate: scaling and several instances, the worker's restart after a crash or a time-out, the storage
behind keys and timers (a schedule of a minute and more needs none here), extension bundles and their bindings, the
front end with its TLS and its 230 s limit, protobuf's own strictness, the host's own telemetry.
"""
