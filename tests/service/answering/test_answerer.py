"""Answers: verbatim, cited, exact about what is unknown. Small texts, a fake model."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from asking import SHY, asked, cited, quotes

from indexer.errors import IndexDamagedError
from service.answering.answer import verified
from service.answering.selection import SelectionMargins
from service.api.answer_text import answer_text, framing_line, note_lines
from service.engine import Engine
from service.retrieval.filters import Filters

REPORTS = {
    "a.md": "---\nplace: Hà Giang\ndate: 2025-03-17\n---\n"
    "Die Resolution Nr. 57-NQ/TW wird umgesetzt. "
    "Bei der Resolution 57 ist das Internet noch begrenzt.\n\n"
    "Die Feier zum Jahrestag fand im Rathaus statt.",
    "b.md": "---\ntitle: Bericht B\n---\nZur Resolution 18 wurden Ergebnisse erzielt. "
    "Die Resolution 18 wurde abgeschlossen.",
    "c.md": "In der Provinz wurden 1.088 Dialoge geführt. Die Dialoge fanden auf allen Ebenen statt. "
    "Genosse Nguyễn Văn Bình leitete die Dialoge.",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with asked(REPORTS) as engine:
        yield engine


def test_a_question_for_an_aspect_of_a_reference_is_answered_with_sentences_that_express_it(
    engine: Engine,
) -> None:
    answer = engine.ask("what shortcomings were found on Resolution 57")
    assert quotes(answer) == ["Bei der Resolution 57 ist das Internet noch begrenzt."]
    assert answer.as_list


def test_a_question_for_one_thing_gets_one_statement(engine: Engine) -> None:
    answer = engine.ask("Wo fand die Feier zum Jahrestag statt?")
    assert quotes(answer) == ["Die Feier zum Jahrestag fand im Rathaus statt."]
    assert not answer.as_list


@pytest.mark.parametrize(
    "question", ["Mängel der Resolution 157?", "shortcomings of Resolution 5", "Nghị quyết 75 có hạn chế gì?"]
)
def test_a_reference_that_no_document_names_is_never_answered(engine: Engine, question: str) -> None:
    answer = engine.ask(question)
    assert (answer.status, answer.citations, answer.confidence) == ("unknown_reference", (), 0.0)


def test_an_unknown_reference_is_answered_with_the_nearest_known_ones(engine: Engine) -> None:
    assert engine.ask("Mängel der Resolution 157?").suggestions == ("NQ-57",)


def test_near_references_are_suggested_for_the_first_unknown_ones_only(engine: Engine) -> None:
    unknown = ", ".join(str(number) for number in [*range(900, 910), 157])
    answer = engine.ask(f"Mängel der Resolutionen {unknown}?")
    assert (answer.status, len(answer.unknown_references)) == ("unknown_reference", 11)
    assert answer.suggestions == ()


@pytest.mark.parametrize("question", ["Was geschah am 5. Auguſt 2024?", "What happened in junı 2024?"])
def test_a_question_with_letters_that_match_regardless_of_case_is_answered(
    engine: Engine, question: str
) -> None:
    assert engine.ask(question).question.dates[0].first.startswith("2024-0")


def test_an_unknown_reference_beside_a_known_one_is_noted(engine: Engine) -> None:
    answer = engine.ask("Welche Ergebnisse haben Resolution 18 und Richtlinie 99?")
    assert (answer.status, answer.unknown_references) == ("answered", ("CT-99",))
    assert note_lines(answer) == ["Richtlinie Nr. 99: kommt in den Dokumenten nicht vor."]


def test_a_known_reference_without_the_aspect_counts_the_other_aspects(engine: Engine) -> None:
    answer = engine.ask("Wer nahm an der Sitzung zur Resolution 18 teil?")
    assert (answer.status, answer.citations) == ("aspect_not_found", ())
    assert answer.aspect_counts.get("results") == 2


def test_aspect_counts_include_only_documents_that_pass_the_filters() -> None:
    documents = {
        "a.md": "Die Resolution 18 wird überall gelesen.",
        "b.md": "---\ntitle: Bericht B\n---\nZur Resolution 18 wurden gute Ergebnisse erzielt.",
    }
    question = "Wer nahm an der Sitzung zur Resolution 18 teil?"
    with asked(documents) as engine:
        everywhere = engine.ask(question)
        here = engine.ask(question, filters=Filters(documents=("a.md",)))
    assert (everywhere.status, everywhere.aspect_counts.get("results")) == ("aspect_not_found", 1)
    assert (here.status, here.aspect_counts.get("results")) == ("aspect_not_found", None)


def test_an_aspect_that_no_sentence_expresses_gets_no_list() -> None:
    text = "Die Feier war im Rathaus. Die Feier war am Abend. Zur Feier spielte Musik. Die Feier war im Mai."
    with asked({"a.md": text}) as engine:
        answer = engine.ask("Welche Mängel hatte die Feier?")
    assert (answer.status, answer.as_list) == ("answered", False)
    assert len(answer.citations) <= 2
    assert "Mängel" not in framing_line(answer)


def test_a_question_for_a_figure_is_answered_by_a_sentence_with_one(engine: Engine) -> None:
    answer = engine.ask("Wie viele Dialoge wurden in der Provinz geführt?")
    assert quotes(answer) == ["In der Provinz wurden 1.088 Dialoge geführt."]


def test_a_figure_that_no_sentence_gives_is_no_evidence(engine: Engine) -> None:
    answer = engine.ask("Wie viele Tonnen Reis wurden in der Provinz geerntet?")
    assert (answer.status, answer.citations) == ("no_evidence", ())


def test_a_person_whom_no_document_names_is_no_evidence(engine: Engine) -> None:
    answer = engine.ask("Leitete Nguyễn Văn An die Dialoge?")
    assert (answer.status, answer.missing_names) == ("no_evidence", ("Nguyễn Văn An",))


@pytest.mark.parametrize("name", ["Nguyễn Văn Bình", "Nguyen Van Binh"])
def test_a_person_whom_a_document_names_is_answered(engine: Engine, name: str) -> None:
    assert engine.ask(f"Was leitete {name}?").status == "answered"


@pytest.mark.parametrize(
    "text", ["Nguyễn\nVăn Bình sprach dort.", "Nguye\u0302\u0303n Va\u0306n Bi\u0300nh sprach dort."]
)
def test_a_name_is_found_over_a_line_break_and_in_decomposed_letters(text: str) -> None:
    with asked({"a.txt": f"Genosse {text}"}) as engine:
        assert engine.ask("Was sprach Nguyễn Văn Bình?").status == "answered"


def test_what_is_not_sure_enough_is_no_evidence() -> None:
    with asked(REPORTS, SHY) as engine:
        for question in ("Wo fand die Feier statt?", "Welche Mängel hat die Resolution 57?"):
            answer = engine.ask(question)
            assert (answer.status, answer.citations) == ("no_evidence", ())
            assert answer.confidence < 0.5


PLACES = {
    "ha-giang.md": "---\nplace: Hà Giang\ndate: 2025-03-17\n---\n"
    "In der Sitzung wurden Mängel beim Internet genannt.",
    "nghe-an.md": "---\nplace: Nghệ An\ndate: 2024-04-25\n---\n"
    "In der Sitzung wurden Mängel der Straßen genannt.",
}


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        ("Welche Mängel wurden in Ha Giang genannt?", {"ha-giang.md"}),
        ("Welche Mängel wurden in Da Nang genannt?", set()),
        ("Welche Mängel wurden 2024 genannt?", {"nghe-an.md"}),
        ("Welche Mängel wurden 2019 genannt?", set()),
        ("Welche Mängel wurden genannt?", {"ha-giang.md", "nghe-an.md"}),
    ],
)
def test_what_was_found_elsewhere_or_in_another_year_is_no_answer(question: str, documents: set[str]) -> None:
    with asked(PLACES) as engine:
        answer = engine.ask(question)
    assert set(cited(answer)) == documents
    assert answer.status == ("answered" if documents else "no_evidence")


MUSEUM = {
    "museum.md": "Der Architekt Semper legte einen Entwurf für das Museum vor. Die Halle wurde abgerissen.",
    "mond.md": "Die Kommission gab Empfehlungen zur Rakete ab. Empfohlen wurde eine Fähre.",
    "bericht.md": "Im Jahr 2013 tagte die Kommission.",
}


def test_a_list_is_given_only_where_the_best_sentences_express_the_aspect() -> None:
    with asked(MUSEUM) as engine:
        of_another = engine.ask("Welche Empfehlungen hatte Architekt Semper für das Museum?")
        of_it = engine.ask("Welche Empfehlungen gab die Kommission zur Rakete ab?")
    assert quotes(of_another) == ["Der Architekt Semper legte einen Entwurf für das Museum vor."]
    assert of_it.as_list and quotes(of_it) == ["Die Kommission gab Empfehlungen zur Rakete ab."]


def test_where_all_that_fits_the_year_is_of_another_matter_nothing_is_cited() -> None:
    with asked(MUSEUM) as engine:
        assert engine.ask("Welchen Entwurf legte Semper 2013 für das Museum vor?").status == "no_evidence"
        assert engine.ask("Welchen Entwurf legte Semper für das Museum vor?").status == "answered"


@pytest.mark.parametrize(
    ("filters", "documents"),
    [
        (Filters(places=("Nghe An",)), ["nghe-an.md"]),
        (Filters(documents=("ha-giang.md",)), ["ha-giang.md"]),
        (Filters(published_from="2025-01-01"), ["ha-giang.md"]),
        (Filters(published_to="2024-12-31"), ["nghe-an.md"]),
        (Filters(places=("Da Nang",)), []),
    ],
)
def test_filters_decide_which_documents_answer(filters: Filters, documents: list[str]) -> None:
    with asked(PLACES) as engine:
        answer = engine.ask("Welche Mängel wurden genannt?", filters=filters)
    assert cited(answer) == documents


@pytest.mark.parametrize("question", ["Welche Dialoge gab es?", "Welche Mängel hat die Resolution 57?"])
def test_filters_that_admit_nothing_leave_no_evidence(engine: Engine, question: str) -> None:
    answer = engine.ask(question, filters=Filters(documents=("nowhere",)))
    assert (answer.status, answer.citations) == ("no_evidence", ())


def test_there_are_no_more_citations_than_asked_for(engine: Engine) -> None:
    assert len(engine.ask("Welche Ergebnisse hat die Resolution 18?", max_citations=1).citations) == 1


SEVERAL = {
    "a.md": "Die Mängel der Straßen sind groß. Gefeiert wurde lange. Mängel: Die Straßen sind zu schmal. "
    "Die Straßen sind noch nicht fertig.",
    "b.md": "Im Hafen gibt es noch Mängel der Straßen.",
}


def test_statements_of_a_report_stand_together_in_reading_order() -> None:
    # All that expresses the aspect, however far below the best.
    with asked(SEVERAL, margins=SelectionMargins(aspect=9.0)) as engine:
        answer = engine.ask("Welche Mängel der Straßen gibt es?")
    assert [citation.number for citation in answer.citations] == [1, 2, 3, 4]
    assert quotes(answer) == [
        "Im Hafen gibt es noch Mängel der Straßen.",
        "Die Mängel der Straßen sind groß.",
        "Mängel: Die Straßen sind zu schmal.",
        "Die Straßen sind noch nicht fertig.",
    ]


def test_every_statement_stands_in_the_text_with_its_number(engine: Engine) -> None:
    answer = engine.ask("Welche Ergebnisse hat die Resolution 18?")
    assert [citation.number for citation in answer.citations] == [1, 2]
    lines = answer_text(answer, note_lines(answer)).splitlines()
    assert lines == [
        framing_line(answer),
        "Bericht B:",
        *(f"{c.quote} [{c.number}]" for c in answer.citations),
    ]


def test_a_quote_that_is_not_at_its_place_never_leaves(engine: Engine) -> None:
    citation = engine.ask("Welche Mängel hat die Resolution 57?").citations[0]
    with pytest.raises(IndexDamagedError, match=r"a\.md"):
        verified([replace(citation, start=citation.start + 1)])


def test_a_text_that_is_not_the_indexed_one_never_leaves(engine: Engine) -> None:
    citation = engine.ask("Welche Mängel hat die Resolution 57?").citations[0]
    changed = replace(citation.document, sha256="0" * 64)
    with pytest.raises(IndexDamagedError, match="not the quotation"):
        verified([replace(citation, document=changed)])
