"""Whatever the texts and the question: every citation is a slice of the stored text."""

from itertools import pairwise

from asking import asked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.documents import text_digest
from service.answering.clauses import ClauseExtractor, ClauseSettings, split_clauses

#: A list that is long enough to be cut: the clause in the middle alone tells a shortcoming.
LIST = (
    "Im Bericht steht dies: die Brücken über den Fluss wurden eröffnet und stehen nun allen Dörfern offen; "
    "das Internet im Gebirge ist weiterhin nur begrenzt zugänglich und bleibt lückenhaft; "
    "der Markt am Hafen öffnet jeden Morgen sehr früh und schließt erst spät am Abend im Winter; "
    "die Schule\u0302 feiert 👩‍👩‍👧 ein Fest im Hof."
)
PIECES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            LIST,
            LIST.replace("; ", ";\u2003\n"),
            "e\u0301 Tho\u0323̂ng Hạn chế: Internet yếu.",
            "👩‍👩‍👧 Familie.",
            "\u00a0\u2003 weit \t weg",
            "x" * 5000,
            "Nr. 57. Ende.",
            "Die Resolution 57 hat Mängel.\n\n",
            "Es gab 1.088 Dialoge, davon 5 oben, 128 hier und 960 dort.",
            "\r\n",
            "\u2028",
        ]
    ),
    st.from_regex(r"\A(?:[A-ZÄÖÜ][a-zäöüß]{2,9} ){3,8}wächst\.\Z"),
)
TEXTS = st.lists(PIECES, min_size=1, max_size=6).map(" ".join)
QUESTIONS = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        [
            "Welche Mängel gibt es?",
            "Was ist mit dem Internet?",
            "Wie viele Dialoge gab es?",
            "Mängel der Resolution 57",
            "Nghị quyết 57 có hạn chế gì?",
        ]
    ),
)

WHOLE, SHORTEST = ClauseSettings().whole_sentence, ClauseSettings().shortest


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=1, max_size=3), st.lists(QUESTIONS, min_size=1, max_size=3))
def test_every_citation_of_any_texts_verifies(texts: list[str], questions: list[str]) -> None:
    documents = {f"{number}.txt": text for number, text in enumerate(texts)}
    with asked({**documents, "known.txt": "Ein Satz steht immer hier."}) as engine:
        store = engine.generation.store
        for answer in map(engine.ask, questions):
            for citation in answer.citations:
                number = store.number_of(citation.document.document_id)
                assert number is not None
                stored = store.document(number)
                assert citation.quote.strip()
                assert stored.text[citation.start : citation.end] == citation.quote
                assert stored.sha256 == text_digest(stored.text)
                assert stored == citation.document
            for place in (place for conflict in answer.conflicts for place in conflict.spans):
                assert place.document.text[place.start : place.end] == place.text


def test_a_clause_is_cited_where_it_stands() -> None:
    with asked({"a.txt": LIST}) as engine:
        (citation,) = engine.ask("Welche Mängel gibt es beim Internet?").citations
    assert citation.quote.startswith("das Internet") and citation.quote.endswith("lückenhaft")
    assert citation.document.text[citation.start : citation.end] == citation.quote


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=120), min_size=1, max_size=6).map("; ".join))
def test_clauses_of_any_sentence_are_slices_in_order(sentence: str) -> None:
    spans = split_clauses(sentence, SHORTEST)
    assert all(0 <= start <= end <= len(sentence) for start, end in spans)
    assert all(first[1] < second[0] for first, second in pairwise(spans))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(min_size=50, max_size=90), min_size=4, max_size=6).map("; ".join))
def test_what_is_quoted_of_any_long_sentence_is_one_clause_or_the_whole(sentence: str) -> None:
    def embed(texts: object) -> object:
        raise AssertionError("a sentence whose clauses tell no aspect is not compared")

    cutter = ClauseExtractor(embed)  # type: ignore[arg-type]
    span = cutter.answering_span(sentence, lambda vectors: vectors[:, 0], "shortcomings")
    assert span in [(0, len(sentence)), *split_clauses(sentence, SHORTEST)]
    assert len(sentence) > WHOLE or span == (0, len(sentence))
