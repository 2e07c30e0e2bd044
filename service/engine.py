"""The engine: one generation with the parts of the service composed over it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from indexer.analysis import language_detection
from indexer.embedding.embedder import Embedder
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.index.generation import Generation, open_generation
from indexer.text.languages import Language
from service.answering.answer import Answer
from service.answering.answerer import Answerer, ExtractiveAnswerer, Tolerances
from service.answering.clauses import ClauseExtractor, ClauseSettings
from service.answering.constraints import HardConstraints
from service.answering.selection import SelectionMargins
from service.query.question import Question
from service.query.understanding import understand
from service.reranking.cross_encoder import CrossEncoder
from service.reranking.loading import OWN, load_cross_encoder
from service.reranking.rerank_settings import RerankSettings
from service.reranking.reranker import Reranker, SearchPipeline
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.encoded_query import QueryEncoder
from service.retrieval.filters import Filters
from service.retrieval.fusion_weights import FusionWeightsByLanguage
from service.retrieval.hits import Hit
from service.retrieval.multilingual_vectors import CorpusVectors
from service.retrieval.retriever import RetrievalSettings, Retriever
from service.retrieval.sentences import SentenceReader
from service.scoring.confidence import Confidence, FeatureExtractor, FeatureSettings
from service.scoring.diagonal_metric import DiagonalMetric
from service.scoring.scorer import SentenceScorer, SentenceWeights


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The numbers of ranking and answering; each is described with its origin where it is defined."""

    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    rerank: RerankSettings = field(default_factory=RerankSettings)
    sentences: SentenceWeights = field(default_factory=SentenceWeights)
    tolerances: Tolerances = field(default_factory=Tolerances)
    margins: SelectionMargins = field(default_factory=SelectionMargins)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    clauses: ClauseSettings = field(default_factory=ClauseSettings)
    #: Fitted weights and coefficients; by default the committed ones.
    fusion: FusionWeightsByLanguage = field(default_factory=FusionWeightsByLanguage.load)
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """One generation, ready for questions. Safe to use from several threads."""

    generation: Generation
    lookup: CorpusLookup
    vectors: CorpusVectors
    reader: SentenceReader
    retriever: Retriever
    pipeline: SearchPipeline
    scorer: SentenceScorer
    features: FeatureExtractor
    answerer: Answerer

    @classmethod
    def open(cls, index: Path, model: str | None = None, cross_encoder: str = OWN) -> Engine:
        """Open the live generation of an index with the model it was built with.

        The index is opened and verified before the model is loaded, which takes seconds.

        Raises:
            IndexMissingError, IndexDamagedError: there is no index, or it is damaged.
            ModelError: model or cross-encoder cannot be loaded, or the model is not the index's.
        """
        generation = open_generation(index)
        try:
            embedder = load_models(model)
            return cls.compose(generation, embedder, load_cross_encoder(cross_encoder, embedder))
        except BaseException:
            generation.close()
            raise

    @classmethod
    def compose(
        cls,
        generation: Generation,
        embedder: Embedder,
        cross_encoder: CrossEncoder | None = None,
        settings: EngineSettings | None = None,
    ) -> Engine:
        """Compose the parts over an opened generation.

        Raises:
            ModelMismatchError: the generation was built with another model.
        """
        generation.require_model(embedder.name, embedder.digest)
        settings = settings or EngineSettings()
        lookup = CorpusLookup.build(generation)
        vectors = CorpusVectors.build(generation, lookup)
        reader = SentenceReader(generation, lookup, embedder)
        retriever = Retriever(
            generation,
            lookup,
            vectors,
            QueryEncoder(generation, lookup, vectors, embedder),
            settings.fusion,
            settings.retrieval,
        )
        reranker = Reranker(cross_encoder, generation, reader, settings.rerank) if cross_encoder else None
        pipeline = SearchPipeline(retriever, reranker)
        metric = DiagonalMetric.load(generation.manifest.model["digest"])
        scorer = SentenceScorer(generation, lookup, vectors, reader, metric, reranker, settings.sentences)
        features = FeatureExtractor(lookup, vectors, reader, settings.features)
        digest = cross_encoder.digest if cross_encoder else None
        answerer = ExtractiveAnswerer(
            generation=generation,
            lookup=lookup,
            reader=reader,
            retriever=retriever,
            pipeline=pipeline,
            scorer=scorer,
            features=features,
            confidence=settings.confidence or Confidence.for_cross_encoder(digest),
            constraints=HardConstraints(generation, lookup),
            clauses=ClauseExtractor(embedder.embed_passages, settings.clauses),
            tolerances=settings.tolerances,
            margins=settings.margins,
        )
        return cls(generation, lookup, vectors, reader, retriever, pipeline, scorer, features, answerer)

    def ask(
        self,
        text: str,
        language: Language | None = None,
        max_citations: int = 6,
        filters: Filters | None = None,
    ) -> Answer:
        """Answer a question; ``language`` overrides the detected one."""
        return self.answerer.answer(understand(text, language), max_citations, filters)

    def search(
        self, text: str, limit: int = 10, filters: Filters | None = None
    ) -> tuple[Question, list[Hit]]:
        """The question as understood, and the best ``limit`` passages."""
        question = understand(text)
        return question, self.pipeline.search(self.retriever.encode(question), limit, filters)

    def close(self) -> None:
        """Close the files of the generation."""
        self.generation.close()


def load_models(model: str | None = None) -> SentenceTransformerEmbedder:
    """The embedding model; the small model of language detection is loaded at the same time.

    Raises:
        ModelError: it cannot be loaded.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        warming = pool.submit(language_detection.warm_up)
        embedder = SentenceTransformerEmbedder.load(model)
        warming.result()
    return embedder
