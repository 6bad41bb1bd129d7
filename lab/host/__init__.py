"""A stand-in for the Azure Functions host around Microsoft's own Python worker library.

The worker (`azure_functions_runtime`) indexes the app and runs its functions; what the host does around it is imitated
as it was seen on a running host: routing, keys, header names, bodies, status codes, timers, limits.

What it cannot imitate, or does not:

* Triggers other than HTTP and timer, extension bundles, retry policies, ADMIN routes of extensions, and most of the
  host's own below /admin/. An answer with a Set-Cookie is 500 here.
* Scale, several instances and their leases. A timer of a minute or more with `useMonitor` needs AzureWebJobsStorage in
  real life: here it runs without, remembers its last run only while the process lives, and so is never past due.
* Losing storage, which takes a host with a timer down, and keys kept in blob storage, which time out with it.
* The worker's own process. Here it shares the host's event loop: a blocking call in an async function stops the host
  too, `sys.exit` in a function ends it, and a time-out restarts nothing: the caller gets its 500 at functionTimeout,
  where the real one takes 2 to 13 s more.
* host.json with comments or trailing commas, and its overrides by `AzureFunctionsJobHost__...` settings.
* A body above 100 MB is 413 here and 500 there; slow and cut-off requests have no time limits here; header lines that
  are folded are unfolded here and 400 there. `Expect: 100-continue` is answered 100 before the route is looked for.
* An answer with a length of its own, or with a status that is none, ends the connection here.
* Requests under way when it is told to end are cut off; the real host answers them first.
* The host's own telemetry: it exports nothing. Its log is not filtered by logLevel.
* What stands before the host in Azure: TLS, HTTP/2, the 230 s limit, App Service authentication.
"""
