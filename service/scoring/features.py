"""What speaks for each sentence of an answer: act, aspect, learned metric, words, concepts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from indexer.analysis import analyzer
from indexer.analysis.concepts import find_concepts
from indexer.annotation.aspects import ASPECTS, Aspect
from indexer.annotation.reference_attribution import DOCUMENT_STRENGTH
from indexer.arrays import Ids, Scores, Vectors
from indexer.text.languages import Language
from service.query.question import Question
from service.retrieval.encoded_query import Evidence
from service.retrieval.retriever import Retriever
from service.scoring.diagonal_metric import Metric

#: Reports tell solutions as what is to be done, or as what somebody proposes.
_TOLD_AS: Mapping[Aspect, tuple[Aspect, ...]] = {"solutions": ("solutions", "proposals", "tasks")}


def about_acts(keys: Sequence[str], sentences: Ids, retriever: Retriever) -> Scores:
    """How surely each sentence is about one of the acts, 0 to 1.

    ``DOCUMENT_STRENGTH`` where only its document is about it.

    Shape ``(len(sentences),)``, like all that this module gives.
    """
    generation, catalogue = retriever.generation, retriever.catalogue
    about = np.zeros(len(sentences), np.float32)
    documents = generation.sentences.document[sentences]
    for key in keys:
        naming = np.isin(documents, catalogue.documents_by_key.get(key, np.zeros(0, np.int64)))
        about = np.maximum(about, naming * np.float32(DOCUMENT_STRENGTH))
        rows, strengths = generation.attribution.sentences_of_reference(key)
        if len(rows):
            places = np.minimum(np.searchsorted(rows, sentences), len(rows) - 1)
            about = np.maximum(about, np.where(rows[places] == sentences, strengths[places], 0.0))
    return about


def told(question: Question, sentences: Ids, retriever: Retriever) -> Scores:
    """How surely each sentence tells the aspect asked for, or one that is told in its place, 0 to 1."""
    names = _TOLD_AS.get(question.aspect, (question.aspect,)) if question.aspect else ()
    columns = [ASPECTS.index(name) for name in names]
    return np.asarray(retriever.generation.aspects[sentences][:, columns].max(axis=1), np.float32)


def gained(evidence: Evidence, sentences: Ids, vectors: Vectors, retriever: Retriever) -> Scores:
    """What each sentence gains by the learned metric; 0 where none was learned for the model."""
    metric = Metric.load(retriever.generation.manifest.model["digest"])
    scores = np.zeros(len(sentences), np.float32)
    if metric is None:
        return scores
    languages = retriever.sentences.languages[sentences]
    for language, vector in evidence.without_setting.items():
        rows = np.flatnonzero(languages == language)
        centre = retriever.generation.alignment.centroid(language)
        scores[rows] = metric.scores(vector, centre, vectors[rows])
    return scores


def words_used(text: str, language: Language, sentences: Ids, retriever: Retriever) -> Scores:
    """Share of a question's words, by rarity, that each sentence or the one before it uses.

    Only sentences in the question's language: words of another match by chance.
    """
    shares = np.zeros(len(sentences), np.float32)
    stems = list(dict.fromkeys(analyzer.question_terms(text, language)))
    if not stems:
        return shares
    weights = retriever.generation.lexical.idf(stems)
    catalogue = retriever.catalogue
    for row, number in enumerate(sentences.tolist()):
        passage = int(catalogue.passage_of[number])
        if catalogue.language[passage] != language:
            continue
        used = retriever.stems(number)
        if number > catalogue.first_sentence[passage]:
            used |= retriever.stems(number - 1)
        shares[row] = sum(weight for stem, weight in zip(stems, weights, strict=True) if stem in used)
    return np.asarray(shares / weights.sum(), np.float32)


def concepts_shared(text: str, language: Language, sentences: Ids, retriever: Retriever) -> Scores:
    """Share of a question's concepts that each sentence speaks of, the rarer the more.

    Rare among these very sentences: what all of them speak of parts none.
    """
    asked = find_concepts(text, language)
    spoken = [asked & retriever.concepts(number) for number in sentences.tolist()]
    counts = Counter(name for names in spoken for name in names)
    weights = {name: math.log1p(len(spoken) / (1 + counts[name])) for name in asked}
    total = max(sum(weights.values()), 1e-9)
    return np.array([sum(weights[name] for name in names) / total for names in spoken], np.float32)
