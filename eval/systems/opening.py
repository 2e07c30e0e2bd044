"""Opening of measured systems: an index, a temporary index, or a running service."""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from eval.console.options import ModelLoader
from eval.datasets.beir import BeirSet
from eval.datasets.question_file import QuestionSet
from eval.systems.instrumented_embedders import TimedEmbedder
from eval.systems.local import LocalSystem
from eval.systems.protocol import System
from eval.systems.rankings import FULL, Ranking
from indexer.cli.progress import build_progress
from indexer.errors import SourceError
from service.engine import Engine
from service.reranking.loading import OFF, load_cross_encoder

#: Loads the model with the first call and returns the same embedder afterwards.
EmbedderLoader = Callable[[], TimedEmbedder]
#: Documents that are looked up to see if a service has those of a set.
_LOOKED_UP = 10


def embedder_loader(load_model: ModelLoader, model: str | None) -> EmbedderLoader:
    """A loader of one embedder for all sets of a command."""

    @functools.cache
    def load() -> TimedEmbedder:
        from indexer.analysis import language_detection

        # As the service does, so that no question of a run pays for it.
        language_detection.warm_up()
        return TimedEmbedder(load_model(model))

    return load


@contextlib.contextmanager
def local_system(
    dataset: BeirSet | QuestionSet,
    index: Path | None,
    load: EmbedderLoader,
    ranking: Ranking = FULL,
    reader: str = OFF,
) -> Iterator[LocalSystem]:
    """A system over an index, or over a temporary index of the set's corpus.

    Args:
        load: called after the index was found intact.
        reader: name of the cross-encoder that reranks the first passages of the full ranking.

    Raises:
        SourceError: the index has none of the relevant documents.
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
        engine = Engine.compose(generation, embedder, load_cross_encoder(reader, embedder.inner))
        if isinstance(dataset, BeirSet):
            _require_documents(dataset, engine)
        yield LocalSystem(engine, ranking, embedder)


@contextlib.contextmanager
def remote_system(dataset: BeirSet | QuestionSet, url: str) -> Iterator[System]:
    """A running service.

    Raises:
        SourceError: no service answers there, or it has none of the first relevant documents.
    """
    from eval.systems.remote import RemoteSystem

    system = RemoteSystem.open(url)
    if isinstance(dataset, BeirSet):
        names = sorted(_relevant(dataset))[:_LOOKED_UP]
        if names and not any(system.text(name) is not None for name in names):
            raise SourceError(
                f"{dataset.name}: none of its documents is in the service at {url}: {names[0]!r}"
            )
    yield system


def _build(dataset: BeirSet, folder: Path, load: EmbedderLoader) -> TimedEmbedder:
    from indexer.build.pipeline import build

    with build_progress() as report:
        embedder = load()
        # The corpus file, not the folder, whose queries would become documents.
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
        count = f"{len(missing)} of {len(judged)} relevant documents are not in the index"
        print(f"{count}, for instance {missing[0]!r}", file=sys.stderr)
