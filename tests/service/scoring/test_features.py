"""Features of candidate sentences."""

from collections.abc import Iterator

import numpy as np
import pytest
from asking import asked

from indexer.annotation.aspects import ASPECTS
from service.engine import Engine
from service.scoring.features import (
    aspect_probability,
    concept_overlap,
    reference_relevance,
    term_overlap,
)

#: Sentences 0 to 2, 3 and 4.
DOCUMENTS = {
    "a.md": "Die Resolution 57 wird umgesetzt. Das Internet ist noch langsam. Es fehlen Lehrer.",
    "b.md": "Man feierte im Dorf.",
    "c.md": "Kinder gehen zur Schule.",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with asked(DOCUMENTS) as engine:
        yield engine


def test_a_sentence_that_names_a_reference_is_more_relevant_than_its_document(engine: Engine) -> None:
    sentences, generation = np.arange(5), engine.generation
    documents = generation.sentences.document[sentences]
    relevance = reference_relevance(["NQ-57"], sentences, documents, engine.lookup, generation.attribution)
    assert relevance[0] == 1.0 > relevance[1] >= relevance[2] > 0.0
    assert relevance[3:].tolist() == [0.0, 0.0]


def test_an_unknown_reference_is_relevant_nowhere(engine: Engine) -> None:
    sentences, generation = np.arange(5), engine.generation
    documents = generation.sentences.document[sentences]
    relevance = reference_relevance(["CT-99"], sentences, documents, engine.lookup, generation.attribution)
    assert not relevance.any()


def test_a_solution_may_be_expressed_as_a_task_or_a_proposal() -> None:
    aspects = np.zeros((3, len(ASPECTS)), np.float32)
    aspects[0, ASPECTS.index("tasks")] = 0.9
    aspects[1, ASPECTS.index("proposals")] = 0.8
    aspects[2, ASPECTS.index("results")] = 0.7
    assert aspect_probability("solutions", np.arange(3), aspects).tolist() == pytest.approx([0.9, 0.8, 0.0])
    assert aspect_probability("results", np.arange(3), aspects).tolist() == pytest.approx([0.0, 0.0, 0.7])


def test_terms_count_in_a_sentence_and_in_the_one_before_it(engine: Engine) -> None:
    overlap = term_overlap(
        "Ist das Internet langsam?",
        "de",
        np.arange(4),
        engine.reader,
        engine.lookup,
        engine.generation.lexical,
    )
    assert overlap[0] == 0.0 and overlap[1] == overlap[2] == pytest.approx(1.0) and overlap[3] == 0.0


def test_terms_of_another_language_do_not_count(engine: Engine) -> None:
    overlap = term_overlap(
        "Internet?", "en", np.arange(5), engine.reader, engine.lookup, engine.generation.lexical
    )
    assert not overlap.any()


def test_concepts_are_found_across_languages(engine: Engine) -> None:
    overlap = concept_overlap("Do teachers lack?", "en", np.arange(5), engine.reader)
    assert overlap[2] > 0.0 and overlap[3] == 0.0
