"""Answers: verbatim, cited, exact about what is unknown. Any text, a fake model."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.build import build
from indexer.errors import IndexDamagedError, SourceError
from indexer.index import open_generation
from service.answering import ExtractiveAnswerer
from service.answers import Answer, verified
from service.confidence import Confidence
from service.engine import Engine
from service.framing import answer_text, framing_line, note_lines
from service.retrieval import Retriever
from service.scope import has_number

#: Answers everything: what is under test here is not when to abstain.
EAGER = Confidence(weights=(0,) * 7, intercept=5.0, threshold=0.0, slope=1.0)

REPORTS = {
    "a.md": "Die Resolution Nr. 57-NQ/TW wird umgesetzt. "
    "Bei der Resolution 57 ist das Internet noch begrenzt.\n\n"
    "Die Feier zum Jahrestag fand im Rathaus statt.",
    "b.md": "Zur Resolution 18 gibt es gute Ergebnisse. Die Umsetzung der Resolution 18 wurde abgeschlossen.",
    "c.md": "In der Provinz wurden 1.088 Dialoge geführt. Die Dialoge fanden auf allen Ebenen statt.",
}


@contextmanager
def asked(documents: dict[str, str]) -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        for name, text in documents.items():
            (source / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        embedder = FakeEmbedder()
        build([source], Path(folder, "index"), embedder)
        generation = open_generation(Path(folder, "index"))
        try:
            yield Engine(Retriever(generation, embedder), ExtractiveAnswerer(EAGER))
        finally:
            generation.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with asked(REPORTS) as engine:
        yield engine


def quotes(answer: Answer) -> list[str]:
    return [citation.quote for citation in answer.citations]


def test_a_question_for_an_aspect_of_an_act_is_answered_with_what_tells_it(engine: Engine) -> None:
    answer = engine.ask("what shortcomings were found on Resolution 57")
    assert quotes(answer) == ["Bei der Resolution 57 ist das Internet noch begrenzt."]


@pytest.mark.parametrize(
    "question", ["Mängel der Resolution 157?", "shortcomings of Resolution 5", "Nghị quyết 75 có hạn chế gì?"]
)
def test_an_act_that_no_document_names_is_never_answered(engine: Engine, question: str) -> None:
    answer = engine.ask(question)
    assert (answer.status, answer.citations) == ("unknown_reference", ())


def test_an_unknown_act_is_answered_with_the_nearest_known_ones(engine: Engine) -> None:
    assert engine.ask("Mängel der Resolution 157?").suggestions == ("NQ-57",)


def test_a_known_act_without_the_aspect_says_so(engine: Engine) -> None:
    assert engine.ask("Wer nahm an der Sitzung zur Resolution 18 teil?").status == "aspect_not_found"


def test_an_unknown_act_beside_a_known_one_is_noted(engine: Engine) -> None:
    answer = engine.ask("Welche Ergebnisse haben Resolution 18 und Richtlinie 99?")
    assert answer.status == "answered"
    assert note_lines(answer) == ["Richtlinie Nr. 99: kommt in den Dokumenten nicht vor."]
    assert "99" not in framing_line(answer)


def test_a_question_for_a_figure_is_answered_by_a_sentence_with_one(engine: Engine) -> None:
    answer = engine.ask("Wie viele Dialoge wurden in der Provinz geführt?")
    assert quotes(answer) == ["In der Provinz wurden 1.088 Dialoge geführt."]


def test_an_article_is_no_figure() -> None:
    assert not has_number("Die Arbeitsgruppe setzte sich aus einer Reihe von Leitern zusammen.")
    assert has_number("Das Parteikomitee tagt jedes Quartal.")


PLACES = {
    "ha-giang.md": "---\nplace: Hà Giang\ndate: 2025-03-17\n---\n"
    "In der Sitzung wurden Mängel beim Internet genannt.",
    "nghe-an.md": "---\nplace: Nghệ An\ndate: 2024-04-25\n---\n"
    "In der Sitzung wurden Mängel der Straßen genannt.",
}


@pytest.mark.parametrize(
    ("question", "cited"),
    [
        ("Welche Mängel wurden in Ha Giang genannt?", {"ha-giang.md"}),
        ("Welche Mängel wurden in Da Nang genannt?", set()),
        ("Welche Mängel wurden 2024 genannt?", {"nghe-an.md"}),
        ("Welche Mängel wurden 2019 genannt?", set()),
        ("Welche Mängel wurden genannt?", {"ha-giang.md", "nghe-an.md"}),
    ],
)
def test_what_was_found_elsewhere_or_in_another_year_is_no_answer(question: str, cited: set[str]) -> None:
    with asked(PLACES) as engine:
        answer = engine.ask(question)
    assert {citation.document.document_id for citation in answer.citations} == cited
    assert answer.status == ("answered" if cited else "no_evidence")


def test_there_are_no_more_citations_than_asked_for(engine: Engine) -> None:
    assert len(engine.ask("Welche Ergebnisse hat die Resolution 18?", max_citations=1).citations) == 1


def test_citations_are_numbered_from_one_and_stand_in_the_text(engine: Engine) -> None:
    answer = engine.ask("Welche Ergebnisse hat die Resolution 18?")
    assert [citation.number for citation in answer.citations] == [1, 2]
    assert answer_text(answer).splitlines()[1:] == [f"{c.quote} [{c.number}]" for c in answer.citations]


@pytest.mark.parametrize(
    ("question", "line"),
    [
        (
            "Welche Mängel hat die Resolution 57?",
            "Gefunden: 1 Aussage zu Mängeln zu: Resolution Nr. 57 in einem Dokument.",
        ),
        (
            "what shortcomings has Resolution 57?",
            "Found: 1 statement on shortcomings on Resolution No. 57 in one document.",
        ),
        (
            "Nghị quyết 57 có những hạn chế gì?",
            "Tìm thấy: 1 đoạn trích về hạn chế liên quan đến Nghị quyết số 57 trong một văn bản.",
        ),
        (
            "shortcomings of Resolution 157?",
            "Resolution No. 157: not found in any document. Known: Resolution No. 57.",
        ),
    ],
)
def test_the_framing_line_is_in_the_language_of_the_question(
    engine: Engine, question: str, line: str
) -> None:
    assert framing_line(engine.ask(question)) == line


def test_a_quote_that_is_not_at_its_place_never_leaves(engine: Engine) -> None:
    citation = engine.ask("Welche Mängel hat die Resolution 57?").citations[0]
    with pytest.raises(IndexDamagedError, match=r"a\.md"):
        verified(replace(citation, start=citation.start + 1))


def test_a_text_that_is_not_the_indexed_one_never_leaves(engine: Engine) -> None:
    citation = engine.ask("Welche Mängel hat die Resolution 57?").citations[0]
    changed = replace(citation.document, sha256="0" * 64)
    with pytest.raises(IndexDamagedError, match="not the quotation"):
        verified(replace(citation, document=changed))


def test_an_index_without_a_passage_that_passes_the_filters_has_no_evidence(engine: Engine) -> None:
    from service.catalogue import Filters

    answer = engine.ask("Welche Dialoge gab es?", filters=Filters(documents=("nowhere",)))
    assert (answer.status, answer.citations) == ("no_evidence", ())


PIECES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "e\u0301 Tho\u0323̂ng",
            "👩‍👩‍👧 Familie.",
            "\u00a0\u2003 weit \t weg",
            "x" * 5000,
            "Nr. 57. Ende.",
            "\r\n",
            "\u2028",
        ]
    ),
    st.from_regex(r"\A(?:[A-ZÄÖÜ][a-zäöüß]{2,9} ){3,8}wächst\.\Z"),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, min_size=1, max_size=8), st.text(min_size=1, max_size=30))
def test_every_citation_of_any_text_verifies(pieces: list[str], question: str) -> None:
    try:
        with asked({"any.txt": " ".join(pieces), "known.txt": "Ein Satz steht immer hier."}) as engine:
            answer = engine.ask(question)
            for citation in answer.citations:
                stored = engine.generation.store.document(
                    engine.generation.store.number_of(citation.document.document_id) or 0
                )
                assert citation.quote
                assert stored.text[citation.start : citation.end] == citation.quote
    except SourceError:
        pytest.fail("one document can always be indexed")
