"""Opening what is to be measured: an index, one built for the purpose, or a running service."""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from eval.datasets.beir import BeirSet
from eval.datasets.question_file import QuestionSet
from eval.systems.instrumented_embedders import TimedEmbedder
from eval.systems.local import LocalSystem
from eval.systems.protocol import System
from eval.systems.rankings import Ranking
from indexer.cli.progress import build_progress
from indexer.errors import SourceError
from service.engine import Engine
from service.reranking.loading import OFF, load_reader

#: Loads the model when first called, and gives the same one afterwards.
EmbedderLoader = Callable[[], TimedEmbedder]
#: Documents that a service is asked for to see whether it holds a set at all.
_ASKED_FOR = 10


def embedder_loader(model: str | None) -> EmbedderLoader:
    """One model for all sets of a command, loaded when an index was found sound."""

    @functools.cache
    def load() -> TimedEmbedder:
        from indexer.analysis import language_detection
        from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder

        # As the service does: no question of a run is to pay for it.
        language_detection.warm_up()
        return TimedEmbedder(SentenceTransformerEmbedder.load(model))

    return load


@contextlib.contextmanager
def local_system(
    dataset: BeirSet | QuestionSet,
    index: Path | None,
    load: EmbedderLoader,
    ranking: Ranking = "full",
    reader: str = OFF,
) -> Iterator[LocalSystem]:
    """A system over an index; without one it is built from the set's corpus and is gone afterwards.

    ``reader``: what reads again what the full ranking finds first.

    Raises:
        SourceError: none of the relevant documents is in the index.
        IndexMissingError, IndexDamagedError, ModelError: index or model cannot be opened.
    """
    from indexer.index.generation import open_generation

    with contextlib.ExitStack() as stack:
        if index:
            generation = open_generation(index)
            stack.callback(generation.close)
            embedder = load()
        else:
            assert isinstance(dataset, BeirSet)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fundstelle-")))
            embedder = _build(dataset, folder, load)
            generation = open_generation(folder)
            stack.callback(generation.close)
        engine = Engine.of(generation, embedder, load_reader(reader, embedder.inner))
        if isinstance(dataset, BeirSet):
            _require_documents(dataset, engine)
        yield LocalSystem(engine, ranking, embedder)


@contextlib.contextmanager
def remote_system(dataset: BeirSet | QuestionSet, url: str) -> Iterator[System]:
    """A running service.

    Raises:
        SourceError: there is none at this address, or it knows none of the first relevant documents.
    """
    from eval.systems.remote import RemoteSystem

    system = RemoteSystem.open(url)
    if isinstance(dataset, BeirSet):
        asked = sorted(_relevant(dataset))[:_ASKED_FOR]
        if asked and not any(system.text(name) is not None for name in asked):
            raise SourceError(
                f"{dataset.name}: none of its documents is in the service at {url}: {asked[0]!r}"
            )
    yield system


def _build(dataset: BeirSet, folder: Path, load: EmbedderLoader) -> TimedEmbedder:
    from indexer.build.pipeline import build

    with build_progress() as report:
        embedder = load()
        # Not the folder: its queries would become documents.
        build([dataset.corpus], folder, embedder, report=report)
    return embedder


def _relevant(dataset: BeirSet) -> set[str]:
    return {document for grades in dataset.qrels.values() for document, grade in grades.items() if grade > 0}


def _require_documents(dataset: BeirSet, engine: Engine) -> None:
    judged = _relevant(dataset)
    missing = sorted(name for name in judged if engine.generation.store.number_of(name) is None)
    if len(missing) == len(judged):
        raise SourceError(
            f"{dataset.name}: none of its documents is in the index, for instance {missing[0]!r}"
        )
    if missing:
        told = f"{len(missing)} of {len(judged)} relevant documents are not in the index"
        print(f"{told}, for instance {missing[0]!r}", file=sys.stderr)
