"""Texts of several questions encoded in one call of the model.

A model takes little longer for eight questions than for two, and on a small machine encoding is most of an
answer. Each question runs in a thread of its own, and whoever wants a text encoded waits until every other
running question wants so too, or has ended; the last to come encodes for all. So nobody waits for questions
that may come, only, and at most ``patience`` seconds, for those that are there: one question alone is encoded
at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from indexer.embedder import Embedder, Progress, Vectors


@dataclass(slots=True)
class Share:
    """What the model did for one question: seconds from wish to vectors, and texts in the largest batch."""

    seconds: float = 0.0
    batch: int = 0


@dataclass(slots=True, eq=False)
class _Wish:
    questions: bool
    texts: Sequence[str]
    since: float
    share: Share
    vectors: Vectors | None = None
    error: BaseException | None = None

    @property
    def granted(self) -> bool:
        return self.vectors is not None or self.error is not None


@dataclass(slots=True)
class _State:
    """Guarded by the condition: how many questions run, what they wish for, whether the model is at work."""

    running: int = 0
    wishes: list[_Wish] = field(default_factory=list)
    encoding: bool = False


class BatchingEmbedder:
    """An ``Embedder`` over another one, for several threads that announce themselves by ``question``."""

    def __init__(self, embedder: Embedder, patience: float = 0.02) -> None:
        self._embedder = embedder
        self._patience = patience
        self._changed = threading.Condition()
        self._state = _State()
        self._local = threading.local()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def digest(self) -> str:
        return self._embedder.digest

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def subwords(self, word: str) -> tuple[str, ...]:
        return self._embedder.subwords(word)

    @contextmanager
    def question(self) -> Iterator[Share]:
        """Answer one question in this thread; the others wait for its texts while the block runs."""
        share = Share()
        self._local.share = share
        with self._changed:
            self._state.running += 1
        try:
            yield share
        finally:
            del self._local.share
            with self._changed:
                self._state.running -= 1
                self._changed.notify_all()

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """As of the embedder below, together with what other threads want."""
        return self._embed(questions=True, texts=texts)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """As of the embedder below, together with what other threads want."""
        vectors = self._embed(questions=False, texts=texts)
        if progress:
            progress(len(texts))
        return vectors

    def _embed(self, questions: bool, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        wish = _Wish(questions, texts, time.monotonic(), getattr(self._local, "share", None) or Share())
        taken = self._wait(wish)
        if taken:
            self._encode(taken)
        wish.share.seconds += time.monotonic() - wish.since
        if wish.error is not None:
            raise wish.error
        assert wish.vectors is not None
        return wish.vectors

    def _wait(self, wish: _Wish) -> list[_Wish]:
        """Wait until the wish is granted, or it falls to this thread to encode: what it is to encode."""
        state = self._state
        with self._changed:
            state.wishes.append(wish)
            # Others may have been waiting for this one.
            self._changed.notify_all()
            while not wish.granted:
                left = state.wishes[0].since + self._patience - time.monotonic() if state.wishes else None
                all_here = len(state.wishes) >= state.running
                if not state.encoding and left is not None and (all_here or left <= 0):
                    taken, state.wishes = state.wishes, []
                    state.encoding = True
                    return taken
                self._changed.wait(None if state.encoding or left is None else left)
        return []

    def _encode(self, wishes: list[_Wish]) -> None:
        try:
            for questions in (True, False):
                self._grant([wish for wish in wishes if wish.questions is questions])
        finally:
            with self._changed:
                self._state.encoding = False
                self._changed.notify_all()

    def _grant(self, wishes: list[_Wish]) -> None:
        if not wishes:
            return
        texts = [text for wish in wishes for text in wish.texts]
        embed = self._embedder.embed_questions if wishes[0].questions else self._embedder.embed_passages
        try:
            vectors = embed(texts)
        except BaseException as error:  # each thread gets it as if it had called itself; none waits on
            for wish in wishes:
                wish.error = error
            return
        first = 0
        for wish in wishes:
            wish.share.batch = max(wish.share.batch, len(texts))
            wish.vectors = vectors[first : first + len(wish.texts)]
            first += len(wish.texts)
