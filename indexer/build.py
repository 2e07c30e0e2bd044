"""Building a generation: read, clean, split, embed, index, and only then make it live."""

from __future__ import annotations

import datetime
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from indexer import analyzer, aspect_model, store, vectors
from indexer.alignment import Alignment
from indexer.discourse import Strengths
from indexer.documents import Document, Passage, RawDocument, Sentence
from indexer.embedder import Embedder
from indexer.errors import IndexingError, SourceError
from indexer.generations import GENERATIONS, STAGING, is_live, prune, remove_abandoned, set_live, sync
from indexer.index import ALIGNMENT, ASPECTS, LEXICAL, PASSAGE_VECTORS, SCOPE, SENTENCE_VECTORS, STORE
from indexer.lexical import Bm25Index
from indexer.manifest import Manifest, file_facts
from indexer.metadata import describe
from indexer.passages import Chunking, split_document
from indexer.readers import Problem, printable, read_sources
from indexer.scope import Scopes, scope
from indexer.topics import Topics, stems, title_after
from indexer.vector_cache import VectorCache

Split = tuple[Document, list[Sentence], list[Passage]]
#: Told what is being done, how much of it is done by now, and the whole, as far as known.
Report = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a build did: the new generation, its counts, what was embedded anew, what was left out."""

    generation: str
    counts: dict[str, int]
    embedded: int
    left_out: list[Problem]
    pruned: list[str]


def build(
    sources: Sequence[Path],
    index: Path,
    embedder: Embedder,
    *,
    chunking: Chunking | None = None,
    strict: bool = False,
    keep: int = 3,
    report: Report | None = None,
) -> Summary:
    """Build a new generation from ``sources`` and make it live.

    Args:
        strict: fail on the first file or row that has to be left out.
        keep: how many generations stay for a rollback, the new one included.
        report: called as work goes on.

    Raises:
        SourceError: a source is missing, nothing could be read, or ``strict`` and something was left out.
        IndexingError: another build is running on this index, or the disk is full.
    """
    tell = report or (lambda _what, _done, _whole: None)
    chunking = chunking or Chunking()
    # Sources are read first: a wrong path must not leave an empty index folder behind.
    split, left_out = _read(sources, chunking, strict, tell)
    try:
        (index / GENERATIONS).mkdir(parents=True, exist_ok=True)
        with FileLock(index / ".build.lock", timeout=0):
            return _write(index, split, left_out, sources, embedder, chunking, keep, tell)
    except Timeout as error:
        raise IndexingError(f"another build is running on {index}") from error
    except (OSError, sqlite3.Error) as error:
        raise IndexingError(f"cannot write the index {index}: {error}") from error


def _read(
    sources: Sequence[Path], chunking: Chunking, strict: bool, tell: Report
) -> tuple[list[Split], list[Problem]]:
    split: list[Split] = []
    left_out: list[Problem] = []
    seen = _Seen()
    for item in read_sources(sources):
        try:
            if isinstance(item, Problem):
                raise SourceError(str(item))
            document = seen.taken(item)
            if document is not None:
                split.append((document, *split_document(document.text, chunking)))
            tell("reading", len(split), None)
        except SourceError as error:
            problem = item if isinstance(item, Problem) else Problem(_place(item), str(error))
            if strict:
                raise SourceError(str(problem)) from error
            left_out.append(problem)
    if not split:
        named = "; ".join(str(problem) for problem in left_out[:3]) or "no files"
        raise SourceError(f"nothing to index in {', '.join(map(str, sources))}: {named}")
    completed = [(seen.complete(document), sentences, passages) for document, sentences, passages in split]
    return completed, left_out


class _Seen:
    """What was read so far: no id twice, and of files no text twice."""

    def __init__(self) -> None:
        self._sources: dict[str, Path] = {}
        self._by_text: dict[tuple[str | None, ...], str] = {}
        self._also: dict[str, list[str]] = {}

    def taken(self, raw: RawDocument) -> Document | None:
        """The document, or ``None`` where a file before said the same: then that gets a further id.

        Rows of a set keep their ids, which judgements refer to.

        Raises:
            SourceError: the id is taken, or the document is none.
        """
        if raw.document_id in self._sources:
            raise SourceError(
                f"document id {raw.document_id!r} is already taken by {self._sources[raw.document_id]}"
            )
        document = describe(raw)
        self._sources[raw.document_id] = raw.source
        if raw.media_type == "application/json":
            return document
        # Two reports may say the same of two places.
        said = (document.sha256, document.title, document.url, document.published, document.place)
        first = self._by_text.setdefault(said, document.document_id)
        if first == document.document_id:
            return document
        self._also.setdefault(first, []).append(document.document_id)
        return None

    def complete(self, document: Document) -> Document:
        """The document with all its ids."""
        also = self._also.get(document.document_id)
        return replace(document, also=tuple(also)) if also else document


def _place(raw: RawDocument) -> str:
    return str(raw.source) if raw.media_type != "application/json" else f"{raw.source}: {raw.document_id}"


def _write(
    index: Path,
    split: list[Split],
    left_out: list[Problem],
    sources: Sequence[Path],
    embedder: Embedder,
    chunking: Chunking,
    keep: int,
    tell: Report,
) -> Summary:
    remove_abandoned(index)
    staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=index / GENERATIONS))
    complete = staging
    try:
        counts, embedded = _fill(staging, index, split, embedder, tell)
        now = datetime.datetime.now(datetime.UTC)
        manifest = Manifest(
            created=now.isoformat(timespec="seconds"),
            model={"name": embedder.name, "digest": embedder.digest, "dimension": embedder.dimension},
            chunking=asdict(chunking),
            counts=counts,
            files=file_facts(staging),
            sources=[printable(str(source)) for source in sources],
            left_out=[str(problem) for problem in left_out],
        )
        name = f"{now:%Y%m%dT%H%M%S%f}-{manifest.write(staging)}"
        for path in (*staging.rglob("*"), staging):
            sync(path)
        # mkdtemp makes private folders; the service may run under another account.
        staging.chmod(0o755)
        complete = staging.rename(index / GENERATIONS / name)
        set_live(index, name)
    except BaseException:
        # An interruption may come when the generation is live already.
        if not is_live(index, complete.name):
            shutil.rmtree(complete, ignore_errors=True)
        raise
    return Summary(name, counts, embedded, left_out, prune(index, keep))


def _fill(
    staging: Path, index: Path, split: list[Split], embedder: Embedder, tell: Report
) -> tuple[dict[str, int], int]:
    documents, sentences, passages = store.write(staging / STORE, split)
    passage_texts = [d.text[p.start : p.end] for d, _, ps in split for p in ps]
    sentence_texts = [d.text[s.start : s.end] for d, ss, _ in split for s in ss]
    languages = [d.language for d, _, ps in split for _ in ps]
    Bm25Index.build(
        analyzer.terms(text, language) + analyzer.piece_terms(text, language, embedder.subwords)
        for text, language in zip(passage_texts, languages, strict=True)
    ).save(staging / LEXICAL)
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        tell("embedding", done, passages + sentences)

    cache = VectorCache.open(index / "vectors", embedder)
    try:
        # In one go: texts of one length are embedded together, whichever they are.
        all_vectors, fresh = cache.embed(passage_texts + sentence_texts, embedder, progress)
        passage_vectors, sentence_vectors = all_vectors[:passages], all_vectors[passages:]
        alignment = Alignment.build(lambda texts: cache.embed_questions(texts, embedder))
        exemplars = aspect_model.Exemplars.build(
            lambda texts: cache.embed(texts, embedder)[0].astype(np.float32)
        )
    finally:
        cache.close()
    vectors.FaissStore.build(passage_vectors).save(staging / PASSAGE_VECTORS)
    vectors.FaissStore.build(sentence_vectors).save(staging / SENTENCE_VECTORS)
    alignment.save(staging / ALIGNMENT)
    aspect_model.save(staging / ASPECTS, _aspects(split, exemplars.likeness(sentence_vectors)))
    _scopes(split).save(staging / SCOPE)
    counts = {"documents": documents, "sentences": sentences, "passages": passages}
    return counts, fresh


def _aspects(split: list[Split], likeness: Strengths) -> Strengths:
    """Probability of every aspect for every sentence of the generation."""
    told = np.zeros_like(likeness)
    first = 0
    for document, sentences, _ in split:
        rows = slice(first, first + len(sentences))
        told[rows] = aspect_model.probabilities(
            aspect_model.evidence(document.text, sentences, likeness[rows])
        )
        first += len(sentences)
    return told


def _scopes(split: list[Split]) -> Scopes:
    """Which acts each sentence of the generation is about."""
    naming = [(document, sentences) for document, sentences, _ in split if document.references]
    titles = (
        (reference.key, title_after(document.text, reference.end), document.language)
        for document, _ in naming
        for reference in document.references
    )
    words = (
        stems(document.text[sentence.start : sentence.end], document.language)
        for document, sentences in naming
        for sentence in sentences
    )
    topics = Topics.of(titles, words)
    rows: list[tuple[int, str, float]] = []
    first = 0
    for document, sentences, _ in split:
        rows += [(first + number, key, held) for number, key, held in scope(document, sentences, topics)]
        first += len(sentences)
    return Scopes.build(rows, (ref.key for document, _ in naming for ref in document.references))
