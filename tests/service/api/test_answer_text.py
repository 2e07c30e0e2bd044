"""Framing line, notes and text of answers in three languages."""

import dataclasses

import pytest

from indexer.documents import Document, text_digest
from indexer.text.languages import Language
from service.answering.answer import Answer, Citation, Conflict, TextSpan
from service.api.answer_text import answer_text, framing_line, note_lines, source_line
from service.query.understanding import understand

ASKED: dict[Language, str] = {
    "de": "Welche Mängel hat die Resolution 57?",
    "en": "what shortcomings has Resolution 57?",
    "vi": "Nghị quyết 57 có những hạn chế gì?",
}


def report(name: str, text: str, place: str | None = None, published: str | None = None) -> Document:
    return Document(
        document_id=name,
        title=f"Titel von {name}",
        url=None,
        published=published,
        place=place,
        language="de",
        text=text,
        sha256=text_digest(text),
        references=(),
    )


INTERNET = report("a.md", "Das Internet ist langsam.", "Hà Giang", "2025-03-17")
ROADS = report("b.md", "Die Straßen sind schlecht. Das Geld fehlt.")


def citation(number: int, document: Document, quote: str) -> Citation:
    start = document.text.index(quote)
    return Citation(number, document, start, start + len(quote), quote, 0.5)


ONE = (citation(1, INTERNET, "Das Internet ist langsam."),)
SEVERAL = (
    *ONE,
    citation(2, ROADS, "Die Straßen sind schlecht."),
    citation(3, ROADS, "Das Geld fehlt."),
)


@pytest.mark.parametrize(
    ("language", "one", "several"),
    [
        (
            "de",
            "1 Bericht nennt Mängel (Resolution Nr. 57), in 1 Aussage:",
            "2 Berichte nennen Mängel (Resolution Nr. 57), in 3 Aussagen:",
        ),
        (
            "en",
            "1 report names shortcomings on Resolution No. 57, in 1 statement:",
            "2 reports name shortcomings on Resolution No. 57, in 3 statements:",
        ),
        (
            "vi",
            "1 báo cáo nêu hạn chế liên quan đến Nghị quyết số 57, trong 1 đoạn trích:",
            "2 báo cáo nêu hạn chế liên quan đến Nghị quyết số 57, trong 3 đoạn trích:",
        ),
    ],
)
def test_statements_and_reports_are_counted(language: Language, one: str, several: str) -> None:
    question = understand(ASKED[language], language)
    for citations, line in ((ONE, one), (SEVERAL, several)):
        assert framing_line(Answer(question, "answered", 0.9, citations, as_list=True)) == line


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("Wo fand die Feier statt?", "1 Aussage in 1 Bericht:"),
        ("Where was it held?", "1 statement in 1 report:"),
        ("Hội nghị được tổ chức ở đâu?", "1 đoạn trích trong 1 báo cáo:"),
        ("Warum hat die Resolution 57 Mängel?", "1 Aussage in 1 Bericht (Resolution Nr. 57):"),
    ],
)
def test_one_fact_is_framed_without_an_aspect(question: str, line: str) -> None:
    assert framing_line(Answer(understand(question), "answered", 0.9, ONE)) == line


@pytest.mark.parametrize(
    ("language", "line", "without_suggestion"),
    [
        (
            "de",
            "Resolution Nr. 157: kommt in den Dokumenten nicht vor. Bekannt sind: Resolution Nr. 57.",
            "Resolution Nr. 157: kommt in den Dokumenten nicht vor.",
        ),
        (
            "en",
            "Resolution No. 157: not found in any document. Known: Resolution No. 57.",
            "Resolution No. 157: not found in any document.",
        ),
        (
            "vi",
            "Nghị quyết số 157: không có trong các văn bản. Các văn kiện có: Nghị quyết số 57.",
            "Nghị quyết số 157: không có trong các văn bản.",
        ),
    ],
)
def test_an_unknown_reference_is_named_with_the_nearest_known_ones(
    language: Language, line: str, without_suggestion: str
) -> None:
    question = understand(ASKED[language].replace("57", "157"), language)
    near = Answer(question, "unknown_reference", 0.0, suggestions=("NQ-57",), unknown_references=("NQ-157",))
    far = Answer(question, "unknown_reference", 0.0, unknown_references=("NQ-157",))
    assert [framing_line(near), framing_line(far)] == [line, without_suggestion]
    assert note_lines(near) == []


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "de",
            "Resolution Nr. 57: nichts zum Punkt Mängel."
            " Die Dokumente sagen dazu etwas über: Ergebnisse, Aufgaben.",
        ),
        (
            "en",
            "Resolution No. 57: nothing on shortcomings. What the documents do say of it: results, tasks.",
        ),
        (
            "vi",
            "Nghị quyết số 57: không có nội dung về hạn chế. Các văn bản có nói về: kết quả, nhiệm vụ.",
        ),
    ],
)
def test_a_missing_aspect_is_answered_with_the_aspects_there_are(language: Language, line: str) -> None:
    question = understand(ASKED[language], language)
    counts = {"results": 4, "tasks": 1}
    assert framing_line(Answer(question, "aspect_not_found", 0.2, aspect_counts=counts)) == line  # type: ignore[arg-type]


def test_without_other_aspects_none_is_listed() -> None:
    answer = Answer(understand(ASKED["de"]), "aspect_not_found", 0.2)
    assert framing_line(answer) == "Resolution Nr. 57: nichts zum Punkt Mängel."


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("de", "Nguyễn Văn An: kommt in den Dokumenten nicht vor."),
        ("en", "Nguyễn Văn An: not found in any document."),
        ("vi", "Nguyễn Văn An: không có trong các văn bản."),
    ],
)
def test_a_person_missing_from_all_documents_is_named(language: Language, line: str) -> None:
    question = understand("Nguyễn Văn An?", language)
    assert framing_line(Answer(question, "no_evidence", 0.0, missing_names=("Nguyễn Văn An",))) == line


@pytest.mark.parametrize(
    ("language", "on_act", "at_all"),
    [
        (
            "de",
            "Resolution Nr. 57: in den Dokumenten genannt,"
            " aber auf die Frage steht dort keine belegbare Antwort.",
            "Dazu steht in den Dokumenten nichts, was sich belegen lässt.",
        ),
        (
            "en",
            "Resolution No. 57: named in the documents, but they hold no answer to this that could be cited.",
            "The documents hold nothing on this that could be cited.",
        ),
        (
            "vi",
            "Nghị quyết số 57: có trong các văn bản, nhưng không có nội dung trả lời câu hỏi này.",
            "Các văn bản không có nội dung nào để trích dẫn về câu hỏi này.",
        ),
    ],
)
def test_no_evidence_depends_on_whether_the_reference_is_known(
    language: Language, on_act: str, at_all: str
) -> None:
    known, none = understand(ASKED[language], language), understand("Mona Lisa?", language)
    assert framing_line(Answer(known, "no_evidence", 0.1)) == on_act
    assert framing_line(Answer(none, "no_evidence", 0.1)) == at_all


def test_statements_of_a_list_stand_below_their_report() -> None:
    answer = Answer(understand(ASKED["de"]), "answered", 0.9, SEVERAL, as_list=True)
    assert answer_text(answer, note_lines(answer)).splitlines()[1:] == [
        "Hà Giang, 2025-03-17:",
        "Das Internet ist langsam. [1]",
        "Titel von b.md:",
        "Die Straßen sind schlecht. [2]",
        "Das Geld fehlt. [3]",
    ]


def test_one_fact_stands_alone() -> None:
    answer = Answer(understand(ASKED["de"]), "answered", 0.9, ONE)
    assert answer_text(answer, note_lines(answer)).splitlines()[1:] == ["Das Internet ist langsam. [1]"]


def test_one_statement_on_an_aspect_stands_below_its_report() -> None:
    answer = Answer(understand(ASKED["de"]), "answered", 0.9, ONE, as_list=True)
    assert answer_text(answer, note_lines(answer)).splitlines()[1:] == [
        "Hà Giang, 2025-03-17:",
        "Das Internet ist langsam. [1]",
    ]


@pytest.mark.parametrize(
    ("place", "published", "line"),
    [
        ("Hà Giang", "2025-03-17", "Hà Giang, 2025-03-17"),
        ("Hà Giang", None, "Hà Giang"),
        (None, "2025-03-17", "2025-03-17"),
        (None, None, "Titel von x.md"),
    ],
)
def test_a_report_is_named_by_place_and_date_or_else_by_its_title(
    place: str | None, published: str | None, line: str
) -> None:
    assert source_line(report("x.md", "Text.", place, published)) == line


def test_notes_name_unknown_references_beside_known_ones() -> None:
    question = understand("Mängel der Resolution 57 und der Richtlinie 99?")
    answer = Answer(question, "answered", 0.9, ONE, unknown_references=("CT-99",), as_list=True)
    assert note_lines(answer) == ["Richtlinie Nr. 99: kommt in den Dokumenten nicht vor."]
    assert answer_text(answer, note_lines(answer)).splitlines()[-1] == note_lines(answer)[0]
    assert "99" not in framing_line(answer)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("de", "Die Angaben widersprechen sich: 12 ([1] a.md 0–2) und 15 (b.md 3–5)."),
        ("en", "The figures contradict each other: 12 ([1] a.md 0–2) and 15 (b.md 3–5)."),
        ("vi", "Số liệu mâu thuẫn: 12 ([1] a.md 0–2) và 15 (b.md 3–5)."),
    ],
)
def test_figures_that_differ_are_noted_with_both_places(language: Language, line: str) -> None:
    conflict = Conflict((TextSpan(INTERNET, 0, 2, "12", 1), TextSpan(ROADS, 3, 5, "15")))
    answer = Answer(understand(ASKED[language], language), "answered", 0.9, ONE, conflicts=(conflict,))
    assert note_lines(answer) == [line]


@pytest.mark.parametrize(
    ("total", "written"), [(1093.0, "1093"), (1_234_567.0, "1234567"), (0.3 + 0.6, "0.9")]
)
def test_a_wrong_sum_is_noted_with_its_parts_and_written_out(total: float, written: str) -> None:
    places = tuple(TextSpan(INTERNET, 0, 2, text, 1) for text in ("1.088", "5", "128"))
    answer = Answer(understand(ASKED["en"]), "answered", 0.9, ONE, conflicts=(Conflict(places, total),))
    assert note_lines(answer) == [
        f"The parts do not add up to the total: 1.088, but 5 + 128 = {written} ([1] a.md 0–2)."
    ]


def test_a_merged_province_is_noted() -> None:
    ha_giang = dataclasses.replace(INTERNET, place="Hà Giang")
    citation = Citation(1, ha_giang, 0, 2, "ab", 0.9)
    answer = Answer(understand("What shortcomings are there in Tuyen Quang?"), "answered", 0.9, (citation,))
    assert note_lines(answer) == [
        "Tuyên Quang has been merged with Hà Giang; the statements are on Hà Giang."
    ]


def test_statements_that_are_not_shown_are_counted() -> None:
    answer = Answer(understand(ASKED["de"]), "answered", 0.9, ONE, as_list=True, not_shown=2)
    assert note_lines(answer) == ["2 weitere Aussagen sind nicht gezeigt (max_citations)."]
