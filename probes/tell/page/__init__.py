"""A sweep or a proof as one HTML page: nothing is fetched, and without script it reads the same.

The standard library makes it. A template engine would be one more package in Azure for two pages; here a call is an
element, text is escaped because it is text, and an app that is never asked for a page imports none of this.
"""

from probes.proof.records import Proof
from probes.tell.page.frame import POLICY
from probes.tell.page.sweep_page import as_page

__all__ = ["POLICY", "as_page", "as_proof_page"]


def as_proof_page(proof: Proof) -> str:
    """The page of a proof."""
    # The probe app makes no proofs, and does not wait for what shows them.
    from probes.tell.page.proof_page import as_proof_page as made  # noqa: PLC0415

    return made(proof)
