"""Question in, answer out: the parts of the service put together, for HTTP, command line and evaluation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from indexer.analysis import language_detection as language
from indexer.embedding.embedder import Embedder
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.index.generation import Generation, open_generation
from indexer.text.languages import Language
from service.answering.answer import Answer
from service.answering.answerer import Answerer, ExtractiveAnswerer
from service.query.question import Question
from service.query.understanding import understand
from service.reranking.cross_encoder import Reader
from service.reranking.loading import OWN, load_reader
from service.reranking.reranker import PassageReading, Plan
from service.retrieval.filters import Filters
from service.retrieval.hits import Hit
from service.retrieval.retriever import Retriever
from service.scoring.confidence import Confidence


@dataclass(frozen=True, slots=True)
class Engine:
    """One generation, ready to be asked. Safe to use from several threads."""

    retriever: Retriever
    answerer: Answerer

    @classmethod
    def open(cls, index: Path, model: str | None = None, reader: str = OWN) -> Engine:
        """Open the live generation of an index with the model it was built with.

        The index is opened and verified first: what is wrong with it is told at once, not after the model
        has loaded.

        Raises:
            IndexMissingError, IndexDamagedError: there is no sound index.
            ModelError: model or reader cannot be loaded, or the model is another than the index's.
        """
        generation = open_generation(index)
        try:
            embedder = load_models(model)
            return cls.of(generation, embedder, load_reader(reader, embedder))
        except BaseException:
            generation.close()
            raise

    @classmethod
    def of(
        cls,
        generation: Generation,
        embedder: Embedder,
        reader: Reader | None = None,
        plan: Plan | None = None,
    ) -> Engine:
        """Put the default parts together over an opened generation; ``plan``: what the reader reads."""
        reading = PassageReading(reader, plan) if reader else None
        confidence = Confidence.of_reader(reader.digest if reader else None)
        return cls(Retriever(generation, embedder, reading), ExtractiveAnswerer(confidence))

    @property
    def generation(self) -> Generation:
        return self.retriever.generation

    def ask(
        self,
        text: str,
        language: Language | None = None,
        max_citations: int = 6,
        filters: Filters | None = None,
    ) -> Answer:
        """Answer a question."""
        return self.answerer.answer(understand(text, language), self.retriever, max_citations, filters)

    def search(
        self, text: str, limit: int = 10, filters: Filters | None = None
    ) -> tuple[Question, list[Hit]]:
        """The question as understood, and the best ``limit`` passages."""
        question = understand(text)
        return question, self.retriever.search(self.retriever.evidence(question), limit, filters)

    def close(self) -> None:
        self.generation.close()


def load_models(model: str | None = None) -> SentenceTransformerEmbedder:
    """The embedding model; the one that tells languages is small and loads beside it.

    Raises:
        ModelError: it cannot be loaded.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        warming = pool.submit(language.warm_up)
        embedder = SentenceTransformerEmbedder.load(model)
        warming.result()
    return embedder
