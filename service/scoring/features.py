"""Features of candidate sentences: reference, aspect, learned metric, terms, concepts.

Every function returns one value a sentence, shape ``(len(sentences),)``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from indexer.analysis import analyzer
from indexer.analysis.concepts import find_concepts
from indexer.annotation.aspects import ASPECTS, Aspect
from indexer.annotation.reference_attribution import DOCUMENT_STRENGTH, ReferenceAttribution
from indexer.arrays import Ids, Scores, Strengths, Strings, Vectors
from indexer.embedding.language_alignment import LanguageAlignment
from indexer.storage.lexical_index import LexicalIndex
from indexer.text.languages import Language
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.encoded_query import EncodedQuery
from service.retrieval.sentences import SentenceReader
from service.scoring.diagonal_metric import DiagonalMetric

#: Reports express solutions as what is to be done, or as what somebody proposes.
ASPECT_SYNONYMS: Mapping[Aspect, tuple[Aspect, ...]] = {"solutions": ("solutions", "proposals", "tasks")}


def reference_relevance(
    keys: Sequence[str],
    sentences: Ids,
    documents: Ids,
    lookup: CorpusLookup,
    attribution: ReferenceAttribution,
) -> Scores:
    """Probability that each sentence is about one of the references.

    ``DOCUMENT_STRENGTH`` if only its document names one.
    """
    relevance = np.zeros(len(sentences), np.float32)
    for key in keys:
        naming = np.isin(documents, lookup.documents_by_key.get(key, np.zeros(0, np.int64)))
        relevance = np.maximum(relevance, naming * np.float32(DOCUMENT_STRENGTH))
        attributed, strengths = attribution.sentences_of_reference(key)
        if len(attributed):
            positions = np.minimum(np.searchsorted(attributed, sentences), len(attributed) - 1)
            found = np.where(attributed[positions] == sentences, strengths[positions], 0.0)
            relevance = np.maximum(relevance, found)
    return relevance


def aspect_probability(aspect: Aspect, sentences: Ids, aspects: Strengths) -> Scores:
    """Probability that each sentence expresses an aspect, or one that is expressed in its place.

    Args:
        aspects: of all sentences of the generation, shape ``(sentences, len(ASPECTS))``.
    """
    columns = [ASPECTS.index(name) for name in ASPECT_SYNONYMS.get(aspect, (aspect,))]
    return np.asarray(aspects[sentences][:, columns].max(axis=1), np.float32)


def metric_bonus(
    query: EncodedQuery,
    metric: DiagonalMetric,
    alignment: LanguageAlignment,
    languages: Strings,
    vectors: Vectors,
) -> Scores:
    """Additions of the learned metric to the cosines of sentences.

    Args:
        languages: of each sentence; ``vectors``: of each, shape ``(n, dimension)``.
    """
    bonus = np.zeros(len(vectors), np.float32)
    for language, vector in query.rewritten_vectors.items():
        rows = np.flatnonzero(languages == language)
        bonus[rows] = metric.scores(vector, alignment.centroid(language), vectors[rows])
    return bonus


def term_overlap(
    text: str,
    language: Language,
    sentences: Ids,
    reader: SentenceReader,
    lookup: CorpusLookup,
    lexical: LexicalIndex,
) -> Scores:
    """Share of a question's terms, by IDF, that each sentence or the one before it in its passage uses.

    0 for sentences in another language than the question's: their words match by chance.
    """
    overlap = np.zeros(len(sentences), np.float32)
    terms = list(dict.fromkeys(analyzer.question_terms(text, language)))
    if not terms:
        return overlap
    weights = lexical.idf(terms)
    for row, number in enumerate(sentences.tolist()):
        passage = int(lookup.passage_of[number])
        if lookup.language[passage] != language:
            continue
        used = reader.stems(number)
        if number > lookup.first_sentence[passage]:
            used |= reader.stems(number - 1)
        overlap[row] = sum(weight for term, weight in zip(terms, weights, strict=True) if term in used)
    return np.asarray(overlap / weights.sum(), np.float32)


def concept_overlap(text: str, language: Language, sentences: Ids, reader: SentenceReader) -> Scores:
    """Share of a question's concepts that each sentence mentions, by IDF among these very sentences.

    A concept that all of them mention separates none.
    """
    asked = find_concepts(text, language)
    mentioned = [asked & reader.concepts(number) for number in sentences.tolist()]
    counts = Counter(name for names in mentioned for name in names)
    weights = {name: math.log1p(len(mentioned) / (1 + counts[name])) for name in asked}
    total = max(sum(weights.values()), 1e-9)
    return np.array([sum(weights[name] for name in names) / total for names in mentioned], np.float32)
