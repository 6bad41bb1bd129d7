"""What holds of every row of the rule table, whatever it says."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path as File

import pytest

from probes.judge import judge, rules
from probes.judge.engine import COMMAND
from probes.judge.rule import Rule, Stage
from probes.judge.rules import EVERY_RULE, RULES_VERSION, UNEXPLAINED, UNSEEN
from probes.judge.rules.agent import unexplained
from tests import sweeps
from tests.judge.observations import judgement_on, visit
from tests.judge.scenes import SCENES

FOLDER = File(__file__).parent
PLACEHOLDER = re.compile(r"\{(\w+)\}")
BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in EVERY_RULE}
IN_ORDER = (FOLDER / "in_order.txt").read_text(encoding="ascii").split()
PROMISED = (FOLDER / "promised.txt").read_text(encoding="ascii").split()
EACH = pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)


def test_the_order_of_the_table() -> None:
    """Ids and their order are a contract: roots are found from the top."""
    assert [rule.id for rule in EVERY_RULE] == IN_ORDER


def test_every_promised_cause_is_there() -> None:
    """The catalogue's first causes each have a row."""
    assert BY_ID.keys() >= set(PROMISED)


def test_ids_are_unique_and_in_kebab_case() -> None:
    """An id stands for one row."""
    assert len(BY_ID) == len(EVERY_RULE)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id) for rule in EVERY_RULE)


def test_the_version_is_a_whole_number() -> None:
    """The version of the table grows by one."""
    assert isinstance(RULES_VERSION, int)
    assert RULES_VERSION >= 1
    assert (BY_ID.keys() >= UNSEEN, UNEXPLAINED.id) == (True, "unexplained")


@EACH
def test_texts(rule: Rule) -> None:
    """Every text of a row is there: sentences end, titles do not, and fixes and references exist."""
    assert rule.title
    assert not rule.title.endswith(".")
    assert rule.recognised_by.endswith((".", ".»"))
    assert rule.summary.endswith(".")
    assert rule.reference
    assert rule.fix
    assert all(step.strip() == step and step for step in rule.fix)
    assert all(clue.says for clue in (*rule.supports, *rule.weakens))
    assert all(rival.why for rival in rule.rivals)


@EACH
def test_masks_and_rivals_exist(rule: Rule) -> None:
    """What a row masks or is told from is a row as well, and another one."""
    named = {*rule.masks, *(rival.id for rival in rule.rivals)}
    assert named <= BY_ID.keys() - {rule.id}
    assert rule.stage not in rule.masks_stages


@EACH
def test_masks_point_down_the_table(rule: Rule) -> None:
    """A row masks only what stands below it, so that no two causes can be each other's consequence."""
    masked = {other.id for other in EVERY_RULE if other.id in rule.masks or other.stage in rule.masks_stages}
    assert all(IN_ORDER.index(rule.id) < IN_ORDER.index(below) for below in masked)


def test_only_names_and_roads_mask_stages() -> None:
    """Whole stages are the consequence of what lies before them on the walk."""
    assert all(stage > rule.stage for rule in EVERY_RULE for stage in rule.masks_stages)
    assert all(not rule.masks_stages for rule in EVERY_RULE if rule.stage >= Stage.REQUEST)


def test_every_rule_has_a_scene() -> None:
    """A row without a scene would be tested nowhere here."""
    assert SCENES.keys() == BY_ID.keys()


@pytest.mark.parametrize("name", SCENES)
def test_a_rule_holds_in_its_scene(name: str) -> None:
    """In its scene a row is the one root cause, cites evidence, and every word of its texts is filled in."""
    judgement = judgement_on(SCENES[name]())
    assert [finding.id for finding in judgement.roots] == [name]
    found = judgement.roots[0]
    assert found.evidence
    texts = [
        found.summary,
        *found.fix,
        *found.supported_by,
        *found.weakened_by,
        *(rival.why for rival in found.discarded),
    ]
    assert not [text for text in texts if PLACEHOLDER.search(text)]
    assert judgement.rules_version == RULES_VERSION


@EACH
def test_words_are_provided(rule: Rule) -> None:
    """Every word of a row's sentences comes with its matches, and every word of one step of its fix at least.

    Steps that are for another kind of target have words that these matches lack, and are left out.
    """
    shown = SCENES[rule.id]()
    clues = (*rule.supports, *rule.weakens)
    texts = (rule.summary, *(clue.says for clue in clues), *(rival.why for rival in rule.rivals))
    needed = {word for text in texts for word in PLACEHOLDER.findall(text)} - {"targets", "subject"}
    matches = list(unexplained(shown, ()) if rule is UNEXPLAINED else rule.find(shown))
    assert matches
    for match in matches:
        assert needed <= match.words.keys()
        assert any(set(PLACEHOLDER.findall(step)) <= match.words.keys() for step in rule.fix)
        assert all(isinstance(word, str) for word in match.words.values())


@pytest.mark.parametrize("name", SCENES)
def test_judging_twice(name: str) -> None:
    """Judging is a function of what was observed: the same scene gives an equal judgement."""
    assert judgement_on(SCENES[name]()) == judgement_on(SCENES[name]())


def test_judging_leaves_its_input_alone() -> None:
    """Neither the path nor an observation is changed by being judged."""
    path, observations = sweeps.path(), visit()
    before = repr((path, observations))
    judge(path, observations, started_at=sweeps.STARTED_AT)
    assert repr((path, observations)) == before


def test_the_judge_does_no_io() -> None:
    """Importing the judge loads nothing that could talk to a network or wait."""
    script = "import sys, probes.judge; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert not {"asyncio", "socket", "ssl", "httpx", "httpcore", "dns", "subprocess"} & set(loaded)
    assert not [name for name in loaded if name.startswith(("probes.observe", "probes.tell", "azure"))]


def test_no_module_of_the_judge_opens_anything() -> None:
    """The judge's own modules import nothing of the operating system."""
    modules = "os|io|pathlib|time|socket|asyncio|ssl|httpx|threading|random"
    forbidden = re.compile(rf"^\s*(?:from|import) (?:{modules})\b", re.MULTILINE)
    folder = File(rules.__file__).parents[1]
    assert not [file for file in folder.rglob("*.py") if forbidden.search(file.read_text(encoding="utf-8"))]


@EACH
def test_commands(rule: Rule) -> None:
    """A command line starts with az, is one line, and closes every quotation mark it opens."""
    for step in rule.fix:
        if step.startswith(COMMAND):
            assert "\n" not in step
            assert step.count('"') % 2 == 0
            assert step.count("'") % 2 == 0
