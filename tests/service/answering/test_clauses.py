"""What of a long sentence is quoted. Clauses carry the words that a similarity is read off."""

import numpy as np
import pytest

from indexer.annotation.aspects import Aspect
from indexer.arrays import Scores, Vectors
from service.answering.clauses import ClauseExtractor, ClauseSettings, split_clauses

LEAD = "Die Arbeitsgruppe hob für das laufende Jahr die folgenden Punkte hervor: "
BRIDGES = "die Brücken über den Fluss wurden bereits eröffnet und stehen allen Dörfern offen"
SCHOOLS = "die Schulen der Bergdörfer bekamen neue Dächer und saubere Brunnen im Hof"
WEAK = "das Internet im Gebirge ist weiterhin nur begrenzt zugänglich und lückenhaft"
WORSE = "die Schwächen der Verwaltung bestehen fort und die Mängel der Straßen auch"
FILLER = "der Markt am Hafen öffnet jeden Morgen früh und schließt erst spät am Abend"

WHOLE, SHORTEST = ClauseSettings().whole_sentence, ClauseSettings().shortest


def embed(texts: object) -> Vectors:
    """One dimension for bridges, one for schools, one for the rest."""
    rows = [("Brücken" in text, "Schulen" in text, 0.1) for text in texts]  # type: ignore[attr-defined]
    return np.array(rows, np.float32)


def quoted(sentence: str, aspect: Aspect | None = None, question: tuple[float, ...] = (0, 0, 1)) -> str:
    def similarity(vectors: Vectors) -> Scores:
        return np.asarray(vectors @ np.array(question, np.float32), np.float32)

    start, end = ClauseExtractor(embed).answering_span(sentence, similarity, aspect)
    return sentence[start:end]


def long(*parts: str, lead: str = LEAD) -> str:
    sentence = f"{lead}{'; '.join(parts)}."
    assert len(sentence) > WHOLE
    return sentence


def test_clauses_are_slices_between_semicolons_without_the_lead_in() -> None:
    sentence = long(BRIDGES, SCHOOLS, WEAK)
    assert [sentence[a:b] for a, b in split_clauses(sentence, SHORTEST)] == [BRIDGES, SCHOOLS, f"{WEAK}."]


def test_a_colon_after_the_first_semicolon_leads_nothing_in() -> None:
    sentence = f"{BRIDGES}; {SCHOOLS}: {WEAK}."
    assert [sentence[a:b] for a, b in split_clauses(sentence, SHORTEST)] == [BRIDGES, f"{SCHOOLS}: {WEAK}."]


def test_a_few_words_are_no_clause() -> None:
    sentence = f"{BRIDGES}; sowie die Presse; {WEAK}."
    assert [sentence[a:b] for a, b in split_clauses(sentence, SHORTEST)] == [BRIDGES, f"{WEAK}."]


def test_a_sentence_without_semicolons_is_one_clause() -> None:
    assert split_clauses(BRIDGES, SHORTEST) == [(0, len(BRIDGES))]


def test_a_short_sentence_is_quoted_whole() -> None:
    sentence = f"{BRIDGES}; {SCHOOLS}."
    assert len(sentence) <= WHOLE
    assert quoted(sentence, question=(1, 0, 0)) == sentence


def test_the_only_clause_that_expresses_the_aspect_is_quoted() -> None:
    assert quoted(long(SCHOOLS, FILLER, WEAK), "shortcomings") == f"{WEAK}."


def test_where_several_clauses_express_the_aspect_the_sentence_stays_whole() -> None:
    sentence = long(FILLER, WORSE, WEAK)
    assert quoted(sentence, "shortcomings") == sentence


def test_where_no_clause_expresses_the_aspect_the_sentence_stays_whole() -> None:
    sentence = long(FILLER, SCHOOLS, FILLER)
    assert quoted(sentence, "shortcomings") == sentence


def test_where_the_lead_in_announces_the_aspect_the_sentence_stays_whole() -> None:
    sentence = long(
        FILLER,
        SCHOOLS,
        WEAK,
        lead="Die Arbeitsgruppe stellte für das laufende Jahr die folgenden Mängel fest: ",
    )
    assert quoted(sentence, "shortcomings") == sentence


def test_without_an_aspect_the_clause_that_stands_out_is_quoted() -> None:
    assert quoted(long(BRIDGES, SCHOOLS, FILLER), question=(1, 0, 0)) == BRIDGES


@pytest.mark.parametrize("question", [(0, 0, 1), (1, 1, 0)])
def test_where_no_clause_stands_out_the_sentence_stays_whole(question: tuple[float, ...]) -> None:
    sentence = long(BRIDGES, SCHOOLS, FILLER)
    assert quoted(sentence, question=question) == sentence


def test_a_clause_is_embedded_once() -> None:
    embedded: list[str] = []

    def counting(texts: list[str]) -> Vectors:
        embedded.extend(texts)
        return embed(texts)

    cutter = ClauseExtractor(counting)  # type: ignore[arg-type]
    for _ in range(2):
        cutter.answering_span(long(BRIDGES, SCHOOLS, FILLER), lambda vectors: vectors[:, 0], None)
    assert embedded == [BRIDGES, SCHOOLS, f"{FILLER}."]


def test_a_semicolon_between_quotation_marks_parts_nothing() -> None:
    title = f"„{BRIDGES}; {SCHOOLS}; {FILLER}; {WEAK}“"
    sentence = f"Sie veranstalteten einen Workshop zum Thema {title}."
    assert split_clauses(sentence, SHORTEST) == [(0, len(sentence))]
