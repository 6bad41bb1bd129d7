"""Whoever is signed in here, as a source of tokens."""

from collections.abc import Callable

from probes.observe.surroundings import TokenSource


def signed_in() -> Callable[[], TokenSource]:
    """`az login`, a managed identity or a workload identity, whichever there is: azure-identity's own order."""
    made: list[TokenSource] = []

    def credential() -> TokenSource:
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - slow to import

        if not made:
            made.append(DefaultAzureCredential())
        return made[0]

    return credential
