"""Confidence features of questions on corpora that answer them or do not.

The questions of a set are answerable on its own corpus. On the corpus of another set they are not: the topics
differ, and accidental overlaps are noise. Near misses (SQuAD 2.0 questions that were written about the same
paragraphs) are collected too. Similarity cannot distinguish them: without a cross-encoder they are only
reported; with one they take part in the fit, as do the paragraphs of SQuAD 2.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from eval.datasets.beir import UNANSWERABLE, BeirSet, load_beir
from eval.datasets.held_out import Split, written_about
from eval.datasets.query import Query
from eval.datasets.question_file import QuestionSet
from eval.runs.runner import Track, without_progress
from eval.systems.instrumented_embedders import MemoizingEmbedder
from indexer.build.pipeline import build
from indexer.build.report import ReportProgress
from indexer.embedding.embedder import Embedder
from indexer.index.generation import Generation, open_generation
from service.engine import Engine
from service.query.understanding import understand
from service.reranking.cross_encoder import CrossEncoder
from service.retrieval.encoded_query import EncodedQuery
from service.retrieval.hits import Hit
from service.scoring.confidence import ConfidenceFeatures

REPORTS, DIGESTS = "reports", "digests"
XQUAD, MLQA, COVID, SQUAD = "xquad", "mlqa-dev", "covid-faq", "squad2-en"
#: Corpora of the fit. The corpus of ``COVID`` is not among them and shows how the fit transfers.
FITTED = (REPORTS, DIGESTS, XQUAD, MLQA)
#: Corpora of the fit with a cross-encoder.
FITTED_RERANKED = (*FITTED, SQUAD)
CORPORA = (*FITTED_RERANKED, COVID)
#: Sets that a corpus does not answer. SQuAD 2.0 shares articles with XQuAD and topics with MLQA.
_FOREIGN = {
    REPORTS: (XQUAD, MLQA, COVID, SQUAD),
    DIGESTS: (XQUAD, MLQA, COVID),
    XQUAD: (MLQA, COVID),
    MLQA: (XQUAD, COVID),
    COVID: (XQUAD, MLQA),
}
#: Steps through the foreign questions, to save time; SQuAD is used for variety, not for number.
_FOREIGN_STEP, _SQUAD_STEP = 2, 4
#: Hits that the features are computed from, as many as the answerer considers.
_HITS = 20


@dataclass(frozen=True, slots=True)
class Item:
    """A question to a corpus. Items of the same ``group`` are in the same fold of the cross-validation.

    ``source``: set of the question; ``about``: ids of its documents.
    """

    corpus: str
    source: str
    query: Query
    group: str
    answerable: bool
    near_miss: bool = False
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """An item with its features."""

    item: Item
    features: ConfidenceFeatures


def items(data: Path, questions: QuestionSet, digests: QuestionSet, reranked: bool = False) -> list[Item]:
    """All items, corpus by corpus.

    Args:
        reranked: with SQuAD 2.0 on its own paragraphs, for a fit with a cross-encoder.

    Raises:
        SourceError: one of the sets below ``data`` is missing or malformed.
    """
    sets = {name: load_beir(data / name) for name in (XQUAD, MLQA, COVID, SQUAD)}
    found = [
        Item(corpus, corpus, case.query, f"{corpus}:{case.query.parallel}", case.status == "answered")
        for corpus, asked in ((REPORTS, questions), (DIGESTS, digests))
        for case in asked.cases
        if case.status in ("answered", "no_evidence")
    ]
    for corpus in (*FITTED, COVID):
        for source in (corpus, *_FOREIGN[corpus]):
            if source not in (REPORTS, DIGESTS):
                found += _of_set(sets[source], corpus, source)
    near = (query for query in sets[XQUAD].queries if query.unanswerable)
    found += [Item(XQUAD, UNANSWERABLE, query, query.query_id, False, True) for query in near]
    return found + _squad(sets[SQUAD]) if reranked else found


def _squad(dataset: BeirSet) -> list[Item]:
    """Answerable and unanswerable questions of SQuAD 2.0 on its own paragraphs."""
    written = {text: (document_id,) for _, text, document_id in written_about(dataset)}
    found = []
    for query in dataset.queries:
        about = written.get(query.text, ()) if query.unanswerable else _documents(dataset, query)
        source = UNANSWERABLE if query.unanswerable else SQUAD
        group = f"{SQUAD}:{min(about, default=query.query_id)}"
        found.append(Item(SQUAD, source, query, group, not query.unanswerable, query.unanswerable, about))
    return found


def _of_set(dataset: BeirSet, corpus: str, source: str) -> list[Item]:
    queries: Sequence[Query] = dataset.judged
    if source == SQUAD:
        queries = dataset.queries[::_SQUAD_STEP]
    elif source != corpus:
        queries = dataset.judged[::_FOREIGN_STEP]
    return [
        Item(
            corpus,
            source,
            q,
            f"{source}:{_about(dataset, q)}",
            source == corpus,
            about=_documents(dataset, q),
        )
        for q in queries
    ]


def _documents(dataset: BeirSet, query: Query) -> tuple[str, ...]:
    return tuple(document_id for document_id, grade in dataset.qrels[query.query_id].items() if grade > 0)


def _held_out(item: Item, split: Split) -> bool:
    if item.source in (REPORTS, DIGESTS):
        return True
    # A near miss belongs to the set whose paragraphs it was written about.
    name = item.corpus if item.near_miss else item.source
    return split.holds_out_question(name, item.query.text, item.about)


def _near_held_out(item: Item, hits: Sequence[Hit], generation: Generation, split: Split) -> bool:
    """True if a near miss without a known document is held out: by its first hit, as in training."""
    store, spans = generation.store, generation.passages
    about = [store.document(int(spans.document[hit.passage])).document_id for hit in hits[:1]]
    return split.holds_out_question(item.corpus, item.query.text, about)


def _about(dataset: BeirSet, query: Query) -> str:
    """A name for the paragraph that a question is about."""
    return min(dataset.qrels[query.query_id], default=query.parallel)


def index_corpora(
    reports: Path,
    digests: Path,
    data: Path,
    cache: Path,
    embedder: Embedder,
    report: ReportProgress,
    reranked: bool = False,
) -> None:
    """Index every corpus in a folder, which also caches the vectors."""
    for corpus in CORPORA if reranked else (*FITTED, COVID):
        own = {REPORTS: reports, DIGESTS: digests}
        source = own[corpus] if corpus in own else load_beir(data / corpus).corpus
        build([source], cache / corpus, embedder, keep=1, report=report)


def collect(
    asked: Sequence[Item],
    cache: Path,
    embedder: Embedder,
    track: Track[Item] = without_progress,
    cross_encoder: CrossEncoder | None = None,
    split: Split | None = None,
) -> list[Row]:
    """The features of every item on the index of its corpus, corpus by corpus.

    Args:
        split: only held-out questions are asked.
    """
    memoizing = MemoizingEmbedder(embedder)
    rows: list[Row] = []
    for corpus in (corpus for corpus in CORPORA if any(item.corpus == corpus for item in asked)):
        with closing(open_generation(cache / corpus)) as generation:
            engine = Engine.compose(generation, memoizing, cross_encoder)
            for item in track([item for item in asked if item.corpus == corpus], f"asking {corpus}"):
                row = _row(item, engine, split)
                if row is not None:
                    rows.append(row)
    return rows


def _row(item: Item, engine: Engine, split: Split | None) -> Row | None:
    """The features of an item; ``None`` if the split does not hold it out."""
    unplaced = item.near_miss and not item.about
    if split and not unplaced and not _held_out(item, split):
        return None
    query = engine.retriever.encode(understand(item.query.text))
    hits = engine.pipeline.search(query, _HITS)
    if split and unplaced and not _near_held_out(item, hits, engine.generation, split):
        return None
    return Row(item, _features(engine, query, hits))


def _features(engine: Engine, query: EncodedQuery, hits: Sequence[Hit]) -> ConfidenceFeatures:
    """The features as the answerer computes them, without filters."""
    known = [key for key in query.question.keys if key in engine.lookup.documents_by_key]
    scored = list(hits)
    if known:
        scored += engine.retriever.rank_of_references(query, known, hits, None)
    return engine.features.extract(query, hits, engine.scorer.score(query, scored, known))
