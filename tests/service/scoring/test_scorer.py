"""Scored candidate sentences of a question."""

from dataclasses import replace

import numpy as np
from asking import asked

from service.engine import Engine
from service.query.understanding import understand
from service.scoring.candidates import SentenceCandidates
from service.scoring.scorer import SentenceWeights

DOCUMENTS = {
    "a.md": "## Leitung der Sitzung\n\nFrau Lan leitete die Sitzung. Es regnete in Strömen.",
    "b.md": "---\nplace: Hà Giang\n---\nEs regnete in Strömen.",
}


def scored(engine: Engine, question: str) -> SentenceCandidates:
    query = engine.retriever.encode(understand(question, "de"))
    return engine.scorer.score(query, engine.pipeline.search(query, 20), ())


def texts(engine: Engine, candidates: SentenceCandidates) -> list[str]:
    order = np.argsort(-candidates.scores, kind="stable")
    return [engine.reader.text(int(candidates.numbers[row])) for row in order]


def test_the_sentence_that_answers_comes_first_and_headings_are_no_candidates() -> None:
    with asked(DOCUMENTS) as engine:
        assert texts(engine, scored(engine, "Wer leitete die Sitzung?"))[0] == "Frau Lan leitete die Sitzung."
        assert "Leitung der Sitzung" not in texts(engine, scored(engine, "Wer leitete die Sitzung?"))


def test_a_document_of_the_province_asked_about_is_preferred() -> None:
    with asked(DOCUMENTS) as engine:
        candidates = scored(engine, "Wie regnete es in Ha Giang?")
        best = int(candidates.documents[int(candidates.scores.argmax())])
        assert engine.generation.store.document(best).document_id == "b.md"


def test_weights_are_arguments() -> None:
    weights = SentenceWeights(terms=0.0, concepts=0.0, answer_type=0.0)
    with asked(DOCUMENTS) as plain, asked(DOCUMENTS, sentences=weights) as weightless:
        question = "Wer leitete die Sitzung?"
        assert scored(plain, question).scores.max() > scored(weightless, question).scores.max()


def test_flagged_rows_are_kept_in_every_array() -> None:
    with asked(DOCUMENTS) as engine:
        candidates = scored(engine, "Wer leitete die Sitzung?")
    first = candidates.where([True] + [False] * (len(candidates) - 1))
    assert len(first) == 1 and first.vectors.shape[0] == first.scores.shape[0] == 1
    assert len(replace(candidates, scores=candidates.scores + 1)) == len(candidates)


def test_without_hits_there_are_no_candidates() -> None:
    with asked(DOCUMENTS) as engine:
        query = engine.retriever.encode(understand("Wer leitete die Sitzung?", "de"))
        assert len(engine.scorer.score(query, [], ())) == 0
