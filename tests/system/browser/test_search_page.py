"""The search page and the document view, in a real browser on the real service with the real model."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from browser_tabs import Tab, faults
from paths import ROOT
from service_process import serving

from indexer.build.pipeline import build
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder

Opening = Callable[..., Tab]
QUESTION_FILE = ROOT / "eval" / "questions" / "corpus.jsonl"
QUESTIONS = {
    "de": "Welche Mängel wurden bei Resolution 57 festgestellt?",
    "en": "what shortcomings were found on Resolution 57",
    "vi": "Những hạn chế nào được nêu về Nghị quyết 57?",
}
MANGEL = QUESTIONS["de"]
NOWHERE = "Welche Mängel gab es bei Resolution 157?"
STATES = {"empty": "", "answered": MANGEL, "refused": NOWHERE}


def address(service: str, question: str = "", **more: str) -> str:
    given = {"q": question, **more}
    return f"{service}/?" + "&".join(f"{name}={quote(value)}" for name, value in given.items() if value)


def answered(page: Any) -> None:
    page.wait_for_selector(".answer")
    page.wait_for_selector(".hits")


def failing(tab: Tab, status: int, detail: str, **headers: str) -> None:
    """Let the service answer questions with an error."""
    body = json.dumps({"type": "about:blank", "title": "x", "status": status, "detail": detail})
    tab.page.route(
        "**/v1/ask",
        lambda route: route.fulfill(
            status=status, body=body, headers={"Content-Type": "application/problem+json", **headers}
        ),
    )


# Asking


def test_one_asks_by_keyboard_alone_opens_a_source_follows_it_and_goes_back(
    tab: Opening, service: str
) -> None:
    it = tab()
    page = it.page
    page.goto(service)
    page.wait_for_selector(".chip")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.localName") != "fundstelle-search":
        page.keyboard.press("Tab")
    page.keyboard.type("Mängel 57")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    answered(page)
    assert "Mängel" in page.locator("input[type=search]").input_value()
    while page.evaluate("document.activeElement.shadowRoot?.activeElement?.className") != "cite":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("blockquote mark")
    quoted = page.locator("blockquote mark").inner_text()
    assert page.locator(".cite[aria-expanded=true]").count() == 1
    while page.evaluate("document.activeElement.shadowRoot?.activeElement?.className") != "in-document":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.cited")
    assert "".join(page.locator("mark.cited").all_text_contents()) == quoted
    assert page.evaluate("document.activeElement.classList.contains('cited')")
    page.wait_for_function(
        "() => { const box = document.activeElement.getBoundingClientRect();"
        " return box.top > 0 && box.bottom < innerHeight }"
    )
    page.go_back()
    answered(page)
    assert MANGEL[:13] in page.locator("input[type=search]").input_value()
    assert it.problems == [] and it.hosts == {urlsplit(service).netloc}


@pytest.mark.parametrize("lang", QUESTIONS)
def test_a_question_is_answered_in_each_language_with_the_same_places(
    tab: Opening, service: str, lang: str
) -> None:
    page = tab().page
    page.goto(address(service, QUESTIONS[lang], lang=lang))
    answered(page)
    assert page.evaluate("document.documentElement.lang") == lang
    sources = " ".join(page.locator(".answer .source").all_inner_texts())
    assert "Cà Mau" in sources and "Hà Giang" in sources
    label = {"de": "Fundstelle 1 zeigen", "en": "Show source 1", "vi": "Xem nguồn 1"}[lang]
    assert page.get_by_role("button", name=label).count() == 1


def test_every_quotation_is_marked_as_it_stands_in_context_and_in_the_document(
    tab: Opening, service: str
) -> None:
    page = tab().page
    replies: list[Any] = []
    page.on("response", lambda reply: replies.append(reply.json()) if reply.url.endswith("/v1/ask") else None)
    page.goto(address(service, MANGEL))
    answered(page)
    [reply] = replies
    for citation, button in zip(reply["citations"], page.locator(".cite").all(), strict=True):
        button.click()
        panel = page.locator(f"[id$=context-{citation['number']}]")
        panel.locator("mark").wait_for()
        assert panel.locator("mark").text_content() == citation["quote"]
        page_of = page.context.new_page()
        page_of.goto(panel.locator(".in-document").get_attribute("href") or "")
        page_of.wait_for_selector("mark.cited")
        assert "".join(page_of.locator("mark.cited").all_text_contents()) == citation["quote"]
        page_of.close()


def test_the_document_view_marks_what_is_quoted_for_every_answer_to_the_questions(
    tab: Opening, service: str
) -> None:
    page = tab().page
    lines = QUESTION_FILE.read_text("utf-8").splitlines()
    replies = [
        page.request.post(f"{service}/v1/ask", data={"question": json.loads(line)["question"]}).json()
        for line in lines
    ]
    quoted = {
        (citation["document_id"], citation["start"], citation["end"]): citation["quote"]
        for reply in replies
        for citation in reply["citations"]
    }
    assert len(quoted) > 30
    for (name, start, end), quote_ in quoted.items():
        page.goto(f"{service}/d/{quote(name)}?start={start}&end={end}")
        page.wait_for_selector("mark.cited")
        assert "".join(page.locator("mark.cited").all_text_contents()) == quote_


def test_a_refusal_says_why_and_offers_what_is_known(tab: Opening, service: str) -> None:
    page = tab().page
    page.goto(address(service, NOWHERE))
    page.wait_for_selector(".unknown_reference")
    assert "157" in page.locator(".framing").inner_text()
    offer = page.locator(".otherwise button", has_text="57").first
    offer.click()
    page.wait_for_selector(".answered")
    assert "157" not in page.locator("input[type=search]").input_value()


def test_a_statement_is_copied_with_its_source(tab: Opening, service: str) -> None:
    page = tab(permissions=["clipboard-read", "clipboard-write"]).page
    page.goto(address(service, MANGEL))
    answered(page)
    statement = page.locator(".statement bdi").first.text_content()
    page.get_by_role("button", name="Als Zitat kopieren").first.click()
    page.wait_for_function("() => navigator.clipboard.readText().then((text) => text.length > 0)")
    copied = page.evaluate("navigator.clipboard.readText()")
    first, where, link = copied.split("\n")
    assert first == f"„{statement}“"
    assert "Cà Mau" in where or "Hà Giang" in where
    assert link.startswith("http")


# The address


def test_the_address_holds_the_state_and_back_and_forward_walk_through_it(tab: Opening, service: str) -> None:
    page = tab().page
    page.goto(service)
    page.wait_for_selector(".chip")
    page.locator("input[type=search]").fill(MANGEL)
    page.keyboard.press("Enter")
    answered(page)
    page.get_by_role("checkbox", name="Hà Giang").click()
    page.wait_for_url("**place=*")
    page.wait_for_function(
        "() => !document.querySelector('fundstelle-search').shadowRoot.querySelector('[aria-busy=true]')"
    )
    given = parse_qs(urlsplit(page.url).query)
    assert (given["q"], given["place"]) == ([MANGEL], ["Hà Giang"])
    sources = page.locator(".answer .source").all_inner_texts()
    assert sources and all("Hà Giang" in line for line in sources)
    page.go_back()
    page.wait_for_url(lambda url: "place=" not in url)
    page.wait_for_function("() => document.querySelector('.chips').hidden")
    page.go_forward()
    page.wait_for_selector(".active")
    page.get_by_role("checkbox", name="Hà Giang", checked=True).wait_for()
    page.locator(".active").click()
    page.wait_for_url(lambda url: "place=" not in url)


def test_an_address_written_in_another_way_is_no_further_step(tab: Opening, service: str) -> None:
    page = tab().page
    page.goto(f"{service}/docs")
    page.goto(address(service, f" {MANGEL}"))
    answered(page)
    assert "%20" in page.url
    page.go_back()
    assert urlsplit(page.url).path == "/docs"


def test_filters_are_shown_by_their_names(tab: Opening, service: str) -> None:
    page = tab().page
    page.goto(address(service, lang="vi", reference="NQ-57"))
    remove = page.get_by_role("button", name="Nghị quyết số 57: bỏ điều kiện này")
    remove.wait_for()
    assert remove.count() == 1


def test_a_day_is_typed_by_keyboard(tab: Opening, service: str) -> None:
    page = tab(locale="en-US").page
    page.goto(service)
    page.wait_for_selector("#day-from")
    page.locator("#day-from").focus()
    for digit in "03012025":
        page.keyboard.press(digit)
        page.wait_for_timeout(100)
    page.wait_for_url(f"{service}/?from=2025-03-01")
    assert page.evaluate("document.activeElement.id") == "day-from"


def test_on_a_small_screen_one_narrows_down_between_question_and_answer(tab: Opening, service: str) -> None:
    page = tab(viewport={"width": 360, "height": 740}).page
    page.goto(address(service, MANGEL))
    answered(page)
    page.wait_for_selector(".side summary")
    tops = [
        page.locator(name).bounding_box()["y"] for name in ("input[type=search]", ".side summary", ".framing")
    ]
    assert tops == sorted(tops)
    page.locator("input[type=search]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.localName") == "summary"
    page.set_viewport_size({"width": 1280, "height": 740})
    page.wait_for_function("() => document.querySelector('.columns > .side details')")


def test_on_paper_there_are_question_answer_and_sources_in_black_and_no_controls(
    tab: Opening, service: str
) -> None:
    page = tab(color_scheme="dark").page
    page.goto(address(service, MANGEL))
    answered(page)
    page.emulate_media(media="print")
    paper = page.locator(".answer .paper")
    assert paper.first.inner_text() == MANGEL
    assert paper.count() > 1 and all(text.startswith("http") for text in paper.all_inner_texts()[1:])
    assert page.locator(".framing").evaluate("it => getComputedStyle(it).color") == "rgb(0, 0, 0)"
    for control in ("input[type=search]", ".quiet >> nth=0", ".side", ".languages"):
        assert page.locator(control).is_hidden()


def test_facets_count_documents_and_a_period_narrows(tab: Opening, service: str) -> None:
    page = tab().page
    page.goto(address(service, lang="en"))
    page.wait_for_selector("#facet-period")
    assert page.get_by_role("checkbox", name="Hà Giang 1 document").count() == 1
    page.get_by_role("checkbox", name="March 2025").click()
    page.wait_for_url("**from=2025-03-01&to=2025-03-31")
    page.wait_for_function("() => document.getElementById('day-from')?.value === '2025-03-01'")


# In trouble


def test_a_busy_service_is_shown_and_asked_again_after_its_time(tab: Opening, service: str) -> None:
    it = tab()
    failing(it, 503, "too many questions are waiting", **{"Retry-After": "1"})
    it.page.goto(address(service, MANGEL))
    it.page.wait_for_selector("[data-kind=busy]")
    assert "hat gerade viel zu tun" in it.page.locator(".trouble").inner_text()
    it.page.unroute("**/v1/ask")
    answered(it.page)


@pytest.mark.parametrize(
    ("status", "kind", "expected", "button"),
    [
        (401, "key", "darf den Dienst nicht fragen", False),
        (403, "key", "darf den Dienst nicht fragen", False),
        (429, "many", "sehr oft gefragt", True),
        (500, "broken", "ein Fehler aufgetreten", True),
        (422, "wrong", "contains no word", False),
    ],
)
def test_each_refusal_of_the_service_is_shown_in_words(
    tab: Opening, service: str, status: int, kind: str, expected: str, button: bool
) -> None:
    it = tab()
    failing(it, status, "question: contains no word")
    it.page.goto(address(service, MANGEL))
    it.page.wait_for_selector(f"[data-kind={kind}]")
    box = it.page.locator(".trouble")
    assert expected in box.inner_text()
    assert box.get_by_role("button").count() == button


def test_offline_is_shown_and_the_question_is_asked_again_with_a_connection(
    tab: Opening, service: str
) -> None:
    it = tab()
    it.page.goto(service)
    it.page.wait_for_selector(".chip")
    it.context.set_offline(True)
    it.page.locator("input[type=search]").fill(MANGEL)
    it.page.keyboard.press("Enter")
    it.page.wait_for_selector("[data-kind=offline]")
    assert it.page.locator(".answered").count() == 0
    it.context.set_offline(False)
    answered(it.page)
    assert it.page.locator("[data-kind=offline]").count() == 0


def test_passages_that_cannot_be_had_leave_the_answer_and_are_asked_for_alone(
    tab: Opening, service: str
) -> None:
    page = tab().page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.route(
        "**/v1/search", lambda route: route.fulfill(status=429, body="{}", headers={"Retry-After": "1"})
    )
    page.goto(address(service, MANGEL))
    page.wait_for_selector(".below [data-kind=many]")
    assert page.locator(".answered").count() == 1
    page.unroute("**/v1/search")
    page.wait_for_selector(".hits")
    assert asked.count("/v1/ask") == 1 and asked.count("/v1/search") == 2


def test_a_reply_of_something_else_is_an_error_and_not_a_missing_connection(
    tab: Opening, service: str
) -> None:
    page = tab().page
    page.route("**/v1/ask", lambda route: route.fulfill(status=200, body="<html>Please log in</html>"))
    page.goto(address(service, MANGEL))
    page.wait_for_selector("[data-kind=broken]")
    assert page.locator("[data-kind=offline]").count() == 0


def test_text_typed_while_the_page_loads_or_tries_again_stays(tab: Opening, service: str) -> None:
    it = tab()
    page = it.page
    held: list[Any] = []
    page.route("**/v1/suggestions", lambda route: held.append(route))
    page.goto(service)
    page.locator("input[type=search]").click()
    page.keyboard.type("Mängel 57")
    page.wait_for_timeout(100)
    for route in held:
        route.continue_()
    page.wait_for_selector(".chip")
    assert page.locator("input[type=search]").input_value() == "Mängel 57"
    assert page.evaluate("document.activeElement.shadowRoot?.activeElement?.localName") == "input"
    failing(it, 503, "busy", **{"Retry-After": "1"})
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-kind=busy]")
    page.locator("input[type=search]").fill("etwas anderes")
    page.unroute("**/v1/ask")
    answered(page)
    assert page.locator("input[type=search]").input_value() == "etwas anderes"


def test_a_late_answer_never_overwrites_a_newer_one(tab: Opening, service: str) -> None:
    it = tab()
    page = it.page
    page.goto(service)
    page.wait_for_selector(".chip")
    held: list[Any] = []
    page.route(
        "**/v1/ask",
        lambda route: held.append(route) if "157" in (route.request.post_data or "") else route.continue_(),
    )
    page.locator("input[type=search]").fill(NOWHERE)
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    page.locator("input[type=search]").fill(MANGEL)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answered")
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)
    assert held and page.locator(".answered").count() == 1 and page.locator(".unknown_reference").count() == 0


def test_a_place_that_changed_since_the_answer_is_not_shown_as_the_quotation(
    tab: Opening, service: str
) -> None:
    it = tab()

    def changed(route: Any) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, json=reply.json() | {"sha256": "0" * 64})

    it.page.route("**/v1/context?*", changed)
    it.page.goto(address(service, MANGEL))
    answered(it.page)
    it.page.locator(".cite").first.click()
    it.page.get_by_text("Das Dokument ist inzwischen ein anderes").wait_for()
    assert it.page.locator("blockquote").count() == 0


def test_without_a_key_in_the_page_one_may_be_typed(
    tab: Opening, digests: Path, real_embedder: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    from service.auth.key_file import KeyFile

    file = KeyFile(tmp_path / "keys.json")
    _, text = file.add("somebody")
    with serving(digests, real_embedder, keys=file.path) as service:
        page = tab().page
        page.goto(service)
        page.get_by_label("Schlüssel").fill(text)
        page.keyboard.press("Enter")
        page.wait_for_selector("fundstelle-search .chip, .chip")
        page.locator("input[type=search]").fill(MANGEL)
        page.keyboard.press("Enter")
        answered(page)
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_a_shared_question_can_be_asked_with_a_typed_key_also_after_a_wrong_one(
    tab: Opening, digests: Path, real_embedder: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    from service.auth.key_file import KeyFile

    file = KeyFile(tmp_path / "keys.json")
    _, text = file.add("somebody")
    with serving(digests, real_embedder, keys=file.path) as service:
        page = tab().page
        page.goto(address(service, MANGEL))
        page.get_by_label("Schlüssel").fill("fst_wrong…")
        page.keyboard.press("Enter")
        page.get_by_text("Dieser Schlüssel gilt hier nicht.").wait_for()
        page.get_by_label("Schlüssel").fill(text)
        page.keyboard.press("Enter")
        answered(page)
        assert page.locator(".answered").count() == 1 and page.locator("form.key").count() == 0


# For everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", [*STATES, "error"])
def test_axe_finds_no_fault_with_the_page(tab: Opening, service: str, state: str, scheme: str) -> None:
    it = tab(color_scheme=scheme)
    if state == "error":
        failing(it, 500, "x")
    it.page.goto(address(service, STATES.get(state, MANGEL)))
    it.page.wait_for_selector({"empty": ".chip", "error": ".trouble"}.get(state, ".hits"))
    it.page.wait_for_selector("#facet-place")
    if state == "answered":
        it.page.locator(".cite").first.click()
        it.page.wait_for_selector("blockquote mark")
        it.page.locator(".hits summary").click()
    assert faults(it.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["whole", "place", "missing"])
def test_axe_finds_no_fault_with_the_document_view(
    tab: Opening, service: str, state: str, scheme: str
) -> None:
    page = tab(color_scheme=scheme).page
    place = "?start=100&end=400" if state == "place" else ""
    name = "none.md" if state == "missing" else "ha-giang-arbeitsgruppe-1920.md"
    page.goto(f"{service}/d/{name}{place}")
    page.wait_for_selector(".back")
    assert faults(page) == []


@pytest.mark.parametrize("width", [320, 360])
def test_nothing_is_wider_than_a_small_screen(tab: Opening, service: str, width: int) -> None:
    page = tab(viewport={"width": width, "height": 640}).page
    page.goto(address(service, MANGEL))
    answered(page)
    page.locator(".cite").first.click()
    page.wait_for_selector("blockquote mark")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.goto(f"{service}/d/ha-giang-arbeitsgruppe-1920.md?start=100&end=400")
    page.wait_for_selector("mark.cited")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_changes_are_announced(tab: Opening, service: str) -> None:
    page = tab().page
    page.goto(address(service, MANGEL))
    answered(page)
    assert re.match(r"Antwort mit \d+ Aussagen\.", page.locator("[aria-live]").inner_text())


def test_a_click_on_the_answer_leaves_the_field_alone(tab: Opening, service: str) -> None:
    page = tab().page
    page.goto(address(service, MANGEL))
    answered(page)
    page.locator(".statement bdi").first.click()
    assert page.evaluate("document.activeElement.shadowRoot?.activeElement?.localName") != "input"


def test_a_pressed_suggestion_leads_to_its_answer(tab: Opening, service: str) -> None:
    page = tab().page
    page.goto(address(service, NOWHERE))
    answered(page)
    page.locator(".otherwise button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".answered")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "cite"


# The document


@pytest.fixture(scope="module")
def odd(real_embedder: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Address of a service over documents that would like to be programs."""
    folder = tmp_path_factory.mktemp("odd")
    hostile = "<script>window.hacked = 1</script> \"><img src=x onerror='window.hacked = 1'> \u202eumgekehrt"
    (folder / "böse <b>.txt").write_text(
        f"Zur Resolution 57: {hostile}. Als Mangel gilt das fehlende Netz im Dorf 🐢.\n\n"
        + "lang" * 25_000
        + "\n",
        "utf-8",
    )
    (folder / "zeichen.txt").write_text(
        "🐢🐢 A\u0301 e\u0308 👩\u200d👩\u200d👧 vor der Stelle. "
        "Bei der Resolution 18 gab es als Mangel keine Brücke über den Fluss.",
        "utf-8",
    )
    build([folder], folder / "index", real_embedder)
    with serving(folder / "index", real_embedder) as service:
        yield service


@pytest.mark.parametrize(
    "question",
    [
        "Welcher Mangel gilt bei Resolution 57?",
        "<script>window.hacked = 1</script> Resolution 57 \"><img src=x onerror='window.hacked=1'>",
    ],
)
def test_documents_questions_and_addresses_are_shown_as_plain_text(
    tab: Opening, odd: str, question: str
) -> None:
    it = tab()
    page = it.page
    page.goto(address(odd, question))
    page.wait_for_selector(".hits")
    page.goto(
        f"{odd}/d/{quote('böse <b>.txt')}?start=0&end=120&lang=%22%3E%3Cscript%3Ewindow.hacked=1%3C/script%3E"
    )
    page.wait_for_selector("mark.cited")
    assert page.evaluate("window.hacked") is None
    assert page.locator("article script, article img").count() == 0
    assert "<script>window.hacked = 1</script>" in page.locator("article").text_content()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert it.problems == []


def test_the_place_is_right_after_emoji_and_combining_marks(tab: Opening, odd: str) -> None:
    page = tab().page
    replies: list[Any] = []
    page.on("response", lambda reply: replies.append(reply.json()) if reply.url.endswith("/v1/ask") else None)
    page.goto(address(odd, "Welcher Mangel wurde bei Resolution 18 festgestellt?"))
    page.wait_for_selector(".answered .cite")
    [citation] = replies[0]["citations"][:1]
    assert citation["start"] > 0 and "Brücke" in citation["quote"]
    page.locator(".cite").first.click()
    page.wait_for_selector("blockquote mark")
    assert page.locator("blockquote mark").text_content() == citation["quote"]
    page.locator(".in-document").click()
    page.wait_for_selector("mark.cited")
    assert "".join(page.locator("mark.cited").all_text_contents()) == citation["quote"]


def test_the_text_shown_is_the_text_of_the_document(tab: Opening, service: str) -> None:
    page = tab().page
    name = "ha-giang-arbeitsgruppe-1920.md"
    page.goto(f"{service}/d/{name}")
    page.wait_for_selector("article")
    reply = page.request.get(f"{service}/v1/documents/{name}").json()
    assert page.locator("article").text_content() == reply["text"]
    assert page.locator(".mention").count() >= len(reply["mentions"])
    headings = [reply["text"][span["start"] : span["end"]] for span in reply["headings"]]
    assert headings and page.locator("article h2").all_text_contents() == [f"{text}\n" for text in headings]


def test_a_selection_is_cited_by_its_place(tab: Opening, odd: str) -> None:
    page = tab().page
    page.goto(f"{odd}/d/zeichen.txt")
    page.wait_for_selector("article")
    page.evaluate(
        """() => {
          const nodes = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
          while (nodes.nextNode()) {
            const at = nodes.currentNode.data.indexOf("Brücke");
            if (at < 0) continue;
            getSelection().setBaseAndExtent(nodes.currentNode, at, nodes.currentNode, at + 6);
            return;
          }
        }"""
    )
    page.get_by_role("heading", name="Auswahl zitieren").wait_for()
    page.goto(page.locator(".address a").get_attribute("href") or "")
    page.wait_for_selector("mark.cited")
    assert page.locator("mark.cited").text_content() == "Brücke"


@pytest.mark.parametrize("place", ["?start=5", "?start=9&end=5", "?start=0&end=99999999", "?start=a&end=b"])
def test_a_span_outside_the_text_is_reported(tab: Opening, odd: str, place: str) -> None:
    page = tab().page
    page.goto(f"{odd}/d/zeichen.txt{place}")
    page.get_by_text("Die Stelle der Adresse gibt es in diesem Text nicht.").wait_for()
    assert page.locator("article").count() == 1


def test_a_missing_document_is_reported(tab: Opening, odd: str) -> None:
    page = tab().page
    page.goto(f"{odd}/d/folder/none.txt?lang=en")
    page.get_by_text("This document does not exist").first.wait_for()
    assert page.locator("article").count() == 0
