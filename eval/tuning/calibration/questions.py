"""Questions with known outcome for the confidence: their features on corpora that answer them or do not.

A set's questions are answerable on its own corpus. On the corpus of another set they are not: the topics
differ, and the few that overlap by accident are noise. What is adversarially near (SQuAD 2.0 questions
written about these very paragraphs) is collected too: similarity cannot tell it, and without a reader it is
only reported; a reader learns from it what it may say, from SQuAD 2.0's own paragraphs as well.
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
#: Corpora of the fit; no question of ``COVID`` is answered by one, so its own corpus tells how it transfers.
FITTED = (REPORTS, DIGESTS, XQUAD, MLQA)
#: And of the fit with a reader.
FITTED_READ = (*FITTED, SQUAD)
CORPORA = (*FITTED_READ, COVID)
#: SQuAD 2.0 shares articles with XQuAD and topics with MLQA: it is foreign to the reports alone.
_FOREIGN = {
    REPORTS: (XQUAD, MLQA, COVID, SQUAD),
    DIGESTS: (XQUAD, MLQA, COVID),
    XQUAD: (MLQA, COVID),
    MLQA: (XQUAD, COVID),
    COVID: (XQUAD, MLQA),
}
#: Every so many of the questions that a corpus does not answer: half of them, for time; of SQuAD's, which
#: are there for variety, not for their number.
_FOREIGN_STEP, _SQUAD_STEP = 2, 4
#: Hits the features are read from, as many as answering looks at.
_HITS = 20


@dataclass(frozen=True, slots=True)
class Item:
    """A question put to a corpus. Items of one ``group`` stay together in cross-validation."""

    corpus: str
    source: str
    query: Query
    group: str
    answerable: bool
    near_miss: bool = False
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """An item with what the service sees of it."""

    item: Item
    features: ConfidenceFeatures


def items(data: Path, questions: QuestionSet, digests: QuestionSet, read: bool = False) -> list[Item]:
    """Everything to be asked, corpus by corpus.

    Args:
        read: with what only a reader can tell, SQuAD 2.0 on its own paragraphs.

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
    return found + _squad(sets[SQUAD]) if read else found


def _squad(dataset: BeirSet) -> list[Item]:
    """SQuAD 2.0 on its own paragraphs, with and without an answer."""
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
    # Of what has no answer the corpus is the set that it was written for.
    name = item.corpus if item.near_miss else item.source
    return split.holds_out_question(name, item.query.text, item.about)


def _near_held_out(item: Item, hits: Sequence[Hit], generation: Generation, split: Split) -> bool:
    """Nobody noted what it was written about: the first hit is believed, as in training."""
    store, spans = generation.store, generation.passages
    about = [store.document(int(spans.document[hit.passage])).document_id for hit in hits[:1]]
    return split.holds_out_question(item.corpus, item.query.text, about)


def _about(dataset: BeirSet, query: Query) -> str:
    """What the questions of one paragraph have in common."""
    return min(dataset.qrels[query.query_id], default=query.parallel)


def index_corpora(
    reports: Path,
    digests: Path,
    data: Path,
    cache: Path,
    embedder: Embedder,
    report: ReportProgress,
    read: bool = False,
) -> None:
    """Index every corpus below ``cache``; vectors are kept there, so a second time is quick."""
    for corpus in CORPORA if read else (*FITTED, COVID):
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
    """Features of every item on the index of its corpus, corpus by corpus.

    Args:
        split: only what it holds out of the sets is asked.
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
