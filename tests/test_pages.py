"""The pages that people read: their links lead somewhere, and the findings they promise exist."""

import re
from pathlib import Path

import pytest

from lab.scenarios import SCENARIOS
from probes.judge.rules import EVERY_RULE
from probes.proof.stages import STAGES

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ARTICLE = ROOT / "docs" / "article.md"
NO_FINDINGS = {"backend-host", "func-orders-prod", "x-correlation-id"}
"""What stands in code letters in the article's table and looks like a finding."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page: Path) -> None:
    """A relative link names a file or folder of the repository."""
    links = [link.partition("#")[0] for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))]
    relative = [link for link in links if link and "://" not in link and not link.startswith("mailto:")]
    assert [link for link in relative if not (page.parent / link).exists()] == []


def test_the_article_is_watched_by_what_exists() -> None:
    """Each finding, scenario, alert and stage of the proof that the article's table names is there."""
    alerts = {page.stem for page in (ROOT / "docs" / "alerts").glob("*.md")}
    watches = {rule.id for rule in EVERY_RULE} | {stage.id for stage in STAGES}
    known = watches | {scenario.name for scenario in SCENARIOS} | alerts | NO_FINDINGS
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", ARTICLE.read_text(encoding="utf-8")))
    assert named - known == set()
    assert len(named) > 30
