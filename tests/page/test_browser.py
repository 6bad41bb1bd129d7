"""The pages in Chromium: what a person, a keyboard and a screen reader meet, and what an attacker does not."""

import base64
from pathlib import Path

import pytest

from probes.tell.verdict import COMMAND
from tests.page.chromium import Browser, Tab
from tests.page.conftest import HOSTILE, NAMES, Site, required

AXE = Path(__file__).parents[2] / ".lab" / "pages" / "node_modules" / "axe-core" / "axe.min.js"
ENTER, TAB = 13, 9
UNFOLD = "for (const each of document.querySelectorAll('details')) each.open = true"
ALL_TEXT = "document.querySelectorAll('button').forEach((each) => each.remove()); document.body.innerText"
GROUND = "getComputedStyle(document.body).backgroundColor"
ATTRIBUTES = """
[...document.querySelectorAll('*')].flatMap((each) => [...each.attributes].map((one) => [one.name, one.value]))
"""

pytestmark = pytest.mark.asyncio(loop_scope="package")
every_page = pytest.mark.parametrize("name", NAMES)


async def opened(tab: Tab, site: Site, name: str) -> Tab:
    """The page of that name."""
    return await tab.open(f"{site.url}/{name}")


@every_page
async def test_a_page_asks_for_nothing_and_complains_of_nothing(browser: Browser, site: Site, name: str) -> None:
    """One request, its own; no error, no warning, no breach of the policy, whether by script, style or picture."""
    before = len(site.asked)
    async with browser.tab() as tab:
        await opened(tab, site, name)
        await tab.value(UNFOLD)
        asked = {each["request"]["url"].partition(":")[0] for each in tab.told("Network.requestWillBeSent")}
        complaints = [
            each
            for kind in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Audits.issueAdded")
            for each in tab.told(kind)
        ]
    assert site.asked[before:] == [f"/{name}"]
    assert asked <= {"http", "data"}
    assert complaints == []


@every_page
async def test_nothing_is_wider_than_the_window(browser: Browser, site: Site, name: str) -> None:
    """Not even with everything unfolded: a phone scrolls one way only."""
    widths = (360, 768, 1280)
    found = []
    async with browser.tab() as tab:
        await opened(tab, site, name)
        await tab.value(UNFOLD)
        for width in widths:
            await tab.resize(width)
            found.append(await tab.value("document.documentElement.scrollWidth"))
    assert tuple(found) == widths


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"large", "proof-incomplete"}])
async def test_axe_finds_nothing(browser: Browser, site: Site, name: str) -> None:
    """Contrast, names, headings, landmarks, tables: with everything unfolded, and contrast in both colours."""
    if not AXE.exists():
        required("axe-core")
    async with browser.tab() as tab:
        await opened(tab, site, name)
        await tab.value(UNFOLD)
        await tab.value(AXE.read_text(encoding="utf-8"))
        light = await tab.value("axe.run(document, {resultTypes: ['violations']})")
        await tab.emulate(scheme="dark")
        dark = await tab.value("axe.run(document, {resultTypes: ['violations'], runOnly: ['color-contrast']})")
    violations = [*light["violations"], *dark["violations"]]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in violations] == []
    assert len(light["passes"]) > 20
    assert [each["id"] for each in dark["passes"]] == ["color-contrast"]


@every_page
async def test_every_link_within_the_page_leads_somewhere(browser: Browser, site: Site, name: str) -> None:
    """Evidence to its record, a step to its cause, the list of parts to each part."""
    async with browser.tab() as tab:
        await opened(tab, site, name)
        links = await tab.value("[...document.querySelectorAll('a')].map((each) => each.getAttribute('href'))")
        ids = await tab.value("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(set(ids)) == len(ids)
    within = [each.removeprefix("#") for each in links if each.startswith("#")]
    assert len(within) > 5
    assert set(within) <= set(ids)
    assert all(each.startswith(("#", "https://learn.microsoft.com/")) for each in links)


async def test_the_evidence_of_a_cause_can_be_gone_to(browser: Browser, site: Site) -> None:
    """By keyboard; the record is in sight then, and is the one that was named."""
    async with browser.tab() as tab:
        await opened(tab, site, "zone-not-linked")
        await tab.value("document.querySelector('.evidence a').focus()")
        await tab.key("Enter", ENTER)
        row = "document.querySelector(':target')"
        assert await tab.value(f"{row}.querySelector('summary').innerText") == "backend/2/resolve/platform/A"
        assert await tab.value(f"{row}.getBoundingClientRect().top < innerHeight")


async def test_the_button_copies_the_command_as_it_is(browser: Browser, site: Site) -> None:
    """By keyboard; every option stands on the one line."""
    root = site.sweeps["zone-not-linked"].judgement.roots[0]
    commands = [step for step in root.fix if step.startswith(COMMAND)]
    async with browser.tab() as tab:
        await tab.call("Emulation.setFocusEmulationEnabled", enabled=True)
        permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        await browser.call("Browser.grantPermissions", permissions=permissions, browserContextId=tab.context)
        await opened(tab, site, "zone-not-linked")
        copied = []
        for number in range(len(commands) + 1):
            await tab.value(f"document.querySelectorAll('button')[{number}].focus()")
            await tab.key("Enter", ENTER)
            await tab.value("new Promise((done) => setTimeout(done, 50))")
            copied.append(await tab.value("navigator.clipboard.readText()"))
        said = await tab.value("document.querySelector('button').innerText")
    assert copied == [commands[0], *commands]
    assert said.startswith("Copied")


async def test_a_command_marked_by_hand_is_the_command(browser: Browser, site: Site) -> None:
    """However its line is folded for the eye: no line break gets into a shell."""
    root = site.sweeps["zone-not-linked"].judgement.roots[0]
    async with browser.tab(script=False, width=360) as tab:
        await opened(tab, site, "zone-not-linked")
        await tab.value("getSelection().selectAllChildren(document.querySelector('.command code'))")
        assert await tab.value("getSelection().toString()") == root.fix[0]


@every_page
async def test_without_script_the_page_says_the_same(browser: Browser, site: Site, name: str) -> None:
    """Only the buttons are not there, for they would do nothing."""
    async with browser.tab(script=False) as bare, browser.tab() as full:
        await opened(bare, site, name)
        await opened(full, site, name)
        shown = "[...document.querySelectorAll('button')].filter((each) => each.checkVisibility()).length"
        buttons = await full.value("document.querySelectorAll('button').length")
        assert (await bare.value(shown), await full.value(shown)) == (0, buttons)
        assert await bare.value(ALL_TEXT) == await full.value(ALL_TEXT)


async def test_the_first_sight_holds_verdict_cause_and_command(browser: Browser, site: Site) -> None:
    """On a laptop, without scrolling: what is broken, why, and what to run."""
    root = site.sweeps["zone-not-linked"].judgement.roots[0]
    async with browser.tab(width=1280, height=720) as tab:
        await opened(tab, site, "zone-not-linked")
        below = "(each) => document.querySelector(each).getBoundingClientRect().bottom"
        ends = [await tab.value(f"({below})('{each}')") for each in ("h1", ".first .summary", ".first .command")]
        heading, command = [await tab.value(f"document.querySelector('{each}').textContent") for each in ("h1", "code")]
        first = await tab.value("document.querySelector('.first .command code').textContent")
    assert heading == "Broken: the path orders does not work."
    assert (command, first) == (root.id, root.fix[0])
    assert max(ends) <= 720


async def test_the_colours_are_the_readers_choice(browser: Browser, site: Site) -> None:
    """The system's unless the switch says otherwise, which works by keyboard and without script."""
    async with browser.tab(script=False) as tab:
        await tab.emulate(scheme="dark")
        await opened(tab, site, "healthy")
        dark = await tab.value(GROUND)
        await tab.value("document.querySelector('#theme-system').focus()")
        await tab.key("ArrowRight", 39)
        light = await tab.value(GROUND)
        await tab.key("ArrowRight", 39)
        assert (await tab.value(GROUND), light) == (dark, "rgb(246, 246, 244)")
        assert dark != light


async def test_on_paper_there_is_no_switch_and_no_dark(browser: Browser, site: Site) -> None:
    """Commands are printed, buttons and navigation are not."""
    async with browser.tab() as tab:
        await tab.emulate(scheme="dark", media="print")
        await opened(tab, site, "zone-not-linked")
        assert await tab.value(GROUND) == "rgb(255, 255, 255)"
        seen = "(each) => document.querySelector(each).checkVisibility()"
        shown = [await tab.value(f"({seen})('{each}')") for each in ("body > header", "button", ".command code")]
        paper = await tab.call("Page.printToPDF")
    assert shown == [False, False, True]
    assert base64.b64decode(paper["data"]).startswith(b"%PDF")


async def test_the_first_key_skips_the_navigation(browser: Browser, site: Site) -> None:
    """To the verdict."""
    async with browser.tab() as tab:
        await opened(tab, site, "several")
        await tab.key("Tab", TAB)
        assert await tab.value("document.activeElement.innerText") == "To the verdict"
        await tab.key("Enter", ENTER)
        assert await tab.value("location.hash") == "#verdict"


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_page_runs_nothing(browser: Browser, site: Site, name: str) -> None:
    """Names, headers, bodies, ids, certificates and commands are text, whatever stands in them."""
    async with browser.tab() as tab:
        await opened(tab, site, name)
        await tab.value(UNFOLD)
        assert await tab.value("typeof pwned") == "undefined"
        assert tab.told("Page.javascriptDialogOpening") == []
        elements = set(await tab.value("[...document.querySelectorAll('*')].map((each) => each.localName)"))
        attributes = await tab.value(ATTRIBUTES)
        shown = await tab.value("document.documentElement.textContent")
        counts = [await tab.value(f"document.querySelectorAll('{each}').length") for each in ("script", "style")]
    assert counts == [1, 1]
    assert elements & {"img", "iframe", "object", "embed", "form", "base"} == set()
    assert [name for name, _ in attributes if name.startswith("on") or name == "style"] == []
    assert [value for name, value in attributes if name in {"href", "src"} and value.startswith("javascript:")] == []
    assert "<script>pwned = 1</script>" in shown
    assert [char for char in shown if not char.isprintable() and char != "\n"] == []


async def test_a_moving_page_is_a_choice(browser: Browser, site: Site) -> None:
    """Who has asked the system for less motion gets none."""
    said = []
    async with browser.tab() as tab:
        for motion in ("reduce", "no-preference"):
            await tab.emulate(motion=motion)
            await opened(tab, site, "healthy")
            said.append(await tab.value("getComputedStyle(document.documentElement).scrollBehavior"))
    assert said == ["auto", "smooth"]


async def test_every_state_has_a_word_of_its_own(browser: Browser, site: Site) -> None:
    """Colour and symbol only repeat it: what is read aloud is enough."""
    async with browser.tab() as tab:
        await opened(tab, site, "several")
        states = await tab.value("[...document.querySelectorAll('.stop .state')].map((each) => each.innerText)")
        steps = await tab.value("[...document.querySelectorAll('.stop .what')].map((each) => each.innerText)")
    assert steps == ["Name", "Address", "TLS", "HTTP", "Identity"] * 3
    assert all(states)
    assert states[5:10] == ["works", "fails: cause 1", "not reached", "not reached", "works"]
