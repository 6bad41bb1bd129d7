"""A sweep as one page: the verdict and what to run first, then why, then all that was seen."""

from itertools import count

from probes.sweep import Sweep
from probes.tell.page.azure import azure
from probes.tell.page.causes import causes
from probes.tell.page.evidence import evidence
from probes.tell.page.frame import page
from probes.tell.page.limits import footer, identity, limits, unseen
from probes.tell.page.markup import joined
from probes.tell.page.opening import opening
from probes.tell.page.pieces import VERDICTS, Sheet
from probes.tell.page.route import route

LINKS = {
    "path": "Path",
    "causes": "Causes",
    "evidence": "Evidence",
    "azure": "Azure",
    "unseen": "Not seen",
    "sweep": "Sweep",
}


def as_page(sweep: Sweep) -> str:
    """The whole document; UTF-8, whatever the sweep holds."""
    sheet = Sheet(sweep)
    numbers = count(1)
    verdict = sweep.judgement.verdict
    said = azure(sheet)
    parts = (
        opening(sheet, numbers),
        route(sheet),
        causes(sheet, numbers),
        evidence(sheet),
        said,
        unseen(sheet),
        identity(sweep),
        limits(sheet),
    )
    first = [root.id for root in sweep.judgement.roots[:1]]
    title = " · ".join([f"{verdict.capitalize()}: {sweep.path.name}", *first])
    links = {name: words for name, words in LINKS.items() if name != "azure" or said is not None}
    return page(title, VERDICTS[verdict], links, joined(part for part in parts if part is not None), footer())
