"""A question as ranking sees it: its vectors, and what its words say of every passage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.analysis import analyzer
from indexer.arrays import Scores
from indexer.embedding.embedder import Embedder
from indexer.index.generation import Generation
from service.query.question import Question
from service.retrieval.context_match import Setting
from service.retrieval.corpus_lookup import Catalogue
from service.retrieval.multilingual_vectors import Aligned


@dataclass(frozen=True, slots=True)
class Evidence:
    """A question as ranking sees it.

    ``vectors``: the question's vector for the passages of each language; ``lexical``: score of every
    passage, 0 to 1. Where the question has a ``setting``: its vectors without it, and by the name of a
    space the ``lifts``, in cosine, that bring its nearest fitting row to where the whole question has it.
    A shorter question is less similar to everything, and what fits must not fall behind for that.
    """

    question: Question
    vectors: Aligned
    lexical: Scores
    setting: Setting | None = None
    without_setting: Aligned = field(default_factory=dict)
    lifts: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, question: Question, generation: Generation, catalogue: Catalogue, embedder: Embedder
    ) -> Evidence:
        """Embed the question, move it to each language of the passages, and look its words up."""
        setting = Setting.of(question, catalogue)
        texts = [question.read, setting.question] if setting else [question.read]
        aligned = [
            {
                name: generation.alignment.aligned(vector, question.language, name)
                for name in catalogue.languages
            }
            for vector in embedder.embed_questions(texts)
        ]
        lexical = _lexical(question, generation, catalogue, embedder)
        return cls(question, aligned[0], lexical, setting, aligned[-1])


def _lexical(question: Question, generation: Generation, catalogue: Catalogue, embedder: Embedder) -> Scores:
    """Lexical score of every passage: by stems and pieces of words in the question's language, else by
    what survives translation."""
    index, language = generation.lexical, question.language
    if language not in catalogue.languages:
        return index.scores(analyzer.cross_lingual_terms(question.read, language))
    scores = index.scores(analyzer.question_terms(question.read, language))
    scores += index.scores(analyzer.subword_terms(question.read, language, embedder.subwords))
    scores /= 2
    others = [catalogue.passages_in[name] for name in catalogue.languages if name != language]
    if others:
        across = index.scores(analyzer.cross_lingual_terms(question.read, language))
        for passages in others:
            scores[passages] = across[passages]
    return scores
