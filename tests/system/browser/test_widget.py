"""The widget on pages of another origin, in a real browser, under a strict content security policy."""

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_tabs import Tab, faults
from paths import ROOT
from service_process import serving

from eval.lab import browser
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from service.auth.key_file import KeyFile

Opening = Callable[..., Tab]
FACES = ROOT / "service" / "web" / "static" / "faces"
QUESTION = "Welche Mängel wurden bei Resolution 57 festgestellt?"
NOWHERE = "What shortcomings were found on Resolution 157?"


class Foreign:
    """A page elsewhere: ``body`` is what it holds, ``HOST`` in it the service, ``KEY`` its key."""

    def __init__(self) -> None:
        self.origin = self.service = self.key = ""
        self.head = '<meta name="color-scheme" content="light dark">'
        self.body = '<fundstelle-search lang="de" key="KEY"></fundstelle-search>'

    def page(self) -> str:
        body = self.body.replace("HOST", self.service).replace("KEY", self.key)
        return (
            f'<!doctype html><html lang="de"><title>Intranet</title>{self.head}'
            f'<script src="{self.service}/embed.js" defer></script>'
            f"<main><h1>Intranet</h1>{body}</main>"
        )

    def policy(self) -> str:
        return f"default-src 'self'; script-src {self.service}; connect-src {self.service}"


@pytest.fixture(scope="module")
def elsewhere(
    digests: Path, real_embedder: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Foreign]:
    """A page of another origin, whose widget key the service knows."""
    page = Foreign()
    file = KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")
    with browser.foreign_page(page.page, page.policy) as page.origin:
        _, page.key = file.add("intranet", origins=(page.origin,))
        with serving(digests, real_embedder, keys=file.path, widget_address_rate=0) as page.service:
            yield page


@pytest.fixture(autouse=True)
def _as_before(elsewhere: Foreign) -> Iterator[None]:
    before = (elsewhere.body, elsewhere.key, elsewhere.head)
    yield
    elsewhere.body, elsewhere.key, elsewhere.head = before


def ask(page: Any, question: str, number: int = 0) -> Any:
    """Put a question to one of the widgets of a page; returns it when the answer and the hits are there."""
    widget = page.locator("fundstelle-search").nth(number)
    widget.locator("input").fill(question)
    widget.locator("input").press("Enter")
    widget.locator(".hits").wait_for()
    return widget


def test_two_widgets_under_a_strict_policy_work_and_ask_no_other_host(
    tab: Opening, elsewhere: Foreign
) -> None:
    elsewhere.body = (
        '<fundstelle-search key="KEY" lang="de" examples="Wer nahm teil? | Was ist neu?"></fundstelle-search>'
        '<fundstelle-search key="KEY" lang="vi" placeholder="Hỏi gì đó"></fundstelle-search>'
    )
    it = tab()
    page = it.page
    page.goto(elsewhere.origin)
    page.get_by_role("button", name="Was ist neu?").wait_for()
    assert page.locator("input[placeholder='Hỏi gì đó']").count() == 1
    first, second = ask(page, QUESTION), ask(page, NOWHERE, 1)
    first.locator(".cite").first.click()
    first.locator("blockquote mark").wait_for()
    assert first.locator(".answered").count() == 1 and second.locator(".unknown_reference").count() == 1
    assert it.problems == []
    assert it.hosts == {elsewhere.origin.removeprefix("http://"), elsewhere.service.removeprefix("http://")}


@pytest.mark.parametrize(
    ("lang", "button", "source"),
    [("de", "Fragen", "Fundstelle 1 zeigen"), ("en", "Ask", "Show source 1"), ("vi", "Hỏi", "Xem nguồn 1")],
)
def test_it_speaks_three_languages(
    tab: Opening, elsewhere: Foreign, lang: str, button: str, source: str
) -> None:
    elsewhere.body = f'<fundstelle-search lang="{lang}" key="KEY"></fundstelle-search>'
    page = tab().page
    page.goto(elsewhere.origin)
    assert page.locator("button[type=submit]").inner_text() == button
    assert ask(page, QUESTION).get_by_role("button", name=source).count() == 1


def test_without_a_language_it_takes_that_of_its_page(tab: Opening, elsewhere: Foreign) -> None:
    elsewhere.body = '<fundstelle-search key="KEY"></fundstelle-search>'
    page = tab(locale="en-GB").page
    page.goto(elsewhere.origin)
    assert page.locator("button[type=submit]").inner_text() == "Fragen"


def test_its_language_may_change_and_the_question_stays(tab: Opening, elsewhere: Foreign) -> None:
    page = tab().page
    page.goto(elsewhere.origin)
    ask(page, QUESTION)
    page.evaluate("document.querySelector('fundstelle-search').lang = 'en'")
    page.get_by_role("button", name="Show source 1").wait_for()
    assert page.locator("input").input_value() == QUESTION


def test_a_source_leads_into_the_document_view_of_the_service(tab: Opening, elsewhere: Foreign) -> None:
    page = tab().page
    page.goto(elsewhere.origin)
    widget = ask(page, QUESTION)
    widget.locator(".cite").first.click()
    link = widget.locator(".in-document")
    link.wait_for()
    assert re.match(rf"{elsewhere.service}/d/\S+\.md\?start=\d+&end=\d+&lang=de$", link.get_attribute("href"))


def test_no_suggestions_lie_over_the_answer(tab: Opening, elsewhere: Foreign) -> None:
    page = tab().page
    page.goto(elsewhere.origin)
    widget = ask(page, "Mängel Resolution 57")
    page.wait_for_load_state("networkidle")
    assert widget.locator("[role=listbox]").is_hidden()


def test_a_wrong_key_is_shown_as_a_page_that_may_not_ask(tab: Opening, elsewhere: Foreign) -> None:
    elsewhere.key = "fst_none"
    page = tab().page
    page.goto(elsewhere.origin)
    page.locator("input").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("[data-kind=key]").wait_for()
    assert "darf den Dienst nicht fragen" in page.locator(".trouble").inner_text()


def test_a_key_that_no_header_can_hold_is_a_wrong_key_and_no_missing_connection(
    tab: Opening, elsewhere: Foreign
) -> None:
    elsewhere.key = "fst_…"
    page = tab().page
    page.goto(elsewhere.origin)
    page.locator("input").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("[data-kind=key]").wait_for()
    assert page.locator("[data-kind=offline]").count() == 0


def test_copied_text_is_shown_where_pages_may_not_copy(tab: Opening, elsewhere: Foreign) -> None:
    it = tab()
    it.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    it.page.goto(elsewhere.origin)
    widget = ask(it.page, QUESTION)
    widget.locator(".quiet").first.click()
    text = widget.locator("textarea").evaluate("it => it.value.slice(it.selectionStart, it.selectionEnd)")
    assert text.startswith("„") and "\nhttp" in text


def test_a_question_in_another_language_is_offered_again_in_that_language(
    tab: Opening, elsewhere: Foreign
) -> None:
    page = tab().page
    page.goto(elsewhere.origin)
    ask(page, "Những hạn chế nào được nêu về Nghị quyết 157?").locator(".otherwise button").first.click()
    page.locator(".answered").wait_for()
    assert page.locator("input").input_value() == "Những hạn chế nào được nêu về Nghị quyết số 57?"


def test_passages_in_the_answer_are_not_among_the_further_ones(tab: Opening, elsewhere: Foreign) -> None:
    page = tab().page
    page.goto(elsewhere.origin)
    widget = ask(page, QUESTION)
    stated = widget.locator(".statement bdi").all_text_contents()
    further = widget.locator(".passage").all_text_contents()
    assert further and not any(statement in passage for statement in stated for passage in further)


def test_it_stores_nothing(tab: Opening, elsewhere: Foreign) -> None:
    it = tab()
    it.page.goto(elsewhere.origin)
    ask(it.page, QUESTION)
    assert it.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert it.context.cookies() == []


def test_pages_colour_it_by_properties_and_parts(tab: Opening, elsewhere: Foreign) -> None:
    page = tab().page
    page.goto(elsewhere.origin)
    page.locator("button[type=submit]").wait_for()
    page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(`fundstelle-search { --fundstelle-accent: rgb(1, 2, 3) }
            fundstelle-search::part(input) { border-color: rgb(4, 5, 6) }`);
          document.adoptedStyleSheets = [sheet];
        }"""
    )
    style = "element => [getComputedStyle(element).backgroundColor, getComputedStyle(element).borderTopColor]"
    assert page.locator("button[type=submit]").evaluate(style)[0] == "rgb(1, 2, 3)"
    assert page.locator("input").evaluate(style)[1] == "rgb(4, 5, 6)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["empty", "answered", "refused", "error"])
def test_axe_finds_no_fault_with_the_widget(
    tab: Opening, elsewhere: Foreign, state: str, scheme: str
) -> None:
    if state == "error":
        elsewhere.key = "fst_none"
    it = tab(color_scheme=scheme)
    it.page.goto(elsewhere.origin)
    it.page.locator("input").wait_for()
    # axe takes a page without a background for a white one, also where the browser makes it dark.
    it.page.evaluate(
        "const sheet = new CSSStyleSheet(); sheet.replaceSync('html { background: Canvas }');"
        "document.adoptedStyleSheets = [sheet]"
    )
    if state == "error":
        it.page.locator("input").fill(QUESTION)
        it.page.keyboard.press("Enter")
        it.page.locator(".trouble").wait_for()
    elif state != "empty":
        widget = ask(it.page, QUESTION if state == "answered" else NOWHERE)
        if state == "answered":
            widget.locator(".cite").first.click()
            widget.locator("blockquote mark").wait_for()
    assert faults(it.page) == []


def test_on_a_page_that_knows_no_dark_it_stays_light(tab: Opening, elsewhere: Foreign) -> None:
    elsewhere.head = ""
    page = tab(color_scheme="dark").page
    page.goto(elsewhere.origin)
    ask(page, QUESTION)
    assert faults(page) == []


def test_a_page_opened_from_a_file_may_embed_it(
    tab: Opening, digests: Path, real_embedder: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    file = KeyFile(tmp_path / "keys.json")
    _, key = file.add("files", origins=("null",))
    with serving(digests, real_embedder, keys=file.path) as service:
        page = Foreign()
        page.service, page.key = service, key
        (tmp_path / "page.html").write_text(page.page(), "utf-8")
        it = tab()
        it.page.goto((tmp_path / "page.html").as_uri())
        assert ask(it.page, QUESTION).locator(".answered").count() == 1
        assert it.problems == []


def test_it_loads_at_most_20_kilobytes() -> None:
    wanted, loaded = ["embed.js", "widget.js"], set()
    while wanted:
        name = wanted.pop()
        if name not in loaded:
            loaded.add(name)
            wanted += re.findall(r'from "\./([a-z_]+\.js)"', (FACES / name).read_text("utf-8"))
    assert "look.js" in loaded and "page.js" not in loaded
    assert sum(len(gzip.compress((FACES / name).read_bytes(), 9)) for name in loaded) <= 20_000
