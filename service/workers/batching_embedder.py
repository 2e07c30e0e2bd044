"""Batch encoding: texts of several questions go through the model in one call.

A model takes little longer for eight questions than for two, and on a small machine encoding is most of an
answer. Each question runs in a thread of its own; one more thread encodes for all. Questions wait until every
other running one has come to the same point, since until then the processor is busy with those anyway: at
most ``patience`` seconds. Where more ran at once a moment ago, they wait for ``BATCH_LINGER`` seconds,
since a client that has just got an answer is likely to ask again. A question alone is encoded at once.

Passages are read for questions that are half answered, and gain little by batching: they come first, and do
not wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from indexer.arrays import Vectors
from indexer.embedding.embedder import Embedder, Progress

#: Seconds that questions wait for as many as there were of late; and what "of late" means.
BATCH_LINGER, RECENT = 0.006, 0.25


@dataclass(slots=True)
class EmbedTiming:
    """What the model did for one question: seconds from wish to vectors, and texts in the largest batch."""

    seconds: float = 0.0
    batch: int = 0


@dataclass(slots=True, eq=False)
class _EmbedRequest:
    texts: Sequence[str]
    share: EmbedTiming
    since: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    vectors: Vectors | None = None
    error: Exception | None = None


@dataclass(slots=True)
class _State:
    """Guarded by the condition, which only the encoding thread waits for."""

    running: int = 0
    questions: list[_EmbedRequest] = field(default_factory=list)
    passages: list[_EmbedRequest] = field(default_factory=list)
    most: int = 0
    most_at: float = 0.0
    closed: bool = False

    def busiest(self, now: float) -> int:
        """How many questions ran at once of late."""
        if self.running >= self.most or now - self.most_at > RECENT:
            self.most, self.most_at = self.running, now
        return self.most

    def left(self, patience: float) -> float:
        """Seconds until the questions are to be encoded, if nothing changes until then."""
        now = time.monotonic()
        if len(self.questions) + len(self.passages) < self.running:
            return self.questions[0].since + patience - now
        if len(self.questions) < self.busiest(now):
            return self.questions[-1].since + BATCH_LINGER - now
        return 0.0


class BatchingEmbedder:
    """An ``Embedder`` over another one, for several threads that announce themselves by ``question``.

    To be closed in the end; what is wanted later is an error. Vectors of a text hardly depend on what
    it was encoded with: cosine above 0.9999.
    """

    def __init__(self, embedder: Embedder, patience: float = 0.06) -> None:
        self._embedder = embedder
        self._patience = patience
        self._changed = threading.Condition()
        self._state = _State()
        self._local = threading.local()
        self._thread = threading.Thread(target=self._run, name="encoding", daemon=True)
        self._thread.start()

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
    def question(self) -> Iterator[EmbedTiming]:
        """Answer one question in this thread; the texts of others wait for its own while the block runs."""
        share = self._local.share = EmbedTiming()
        with self._changed:
            self._state.running += 1
            self._state.busiest(time.monotonic())
        try:
            yield share
        finally:
            del self._local.share
            with self._changed:
                self._state.running -= 1
                self._changed.notify()

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """As of the embedder below, together with what other threads want."""
        return self._wait(self._state.questions, texts)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """As of the embedder below, in turn with what other threads want."""
        vectors = self._wait(self._state.passages, texts)
        if progress:
            progress(len(texts))
        return vectors

    def close(self) -> None:
        """End the thread; what is waiting is encoded first."""
        with self._changed:
            self._state.closed = True
            self._changed.notify()
        self._thread.join()

    def _wait(self, wishes: list[_EmbedRequest], texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        wish = _EmbedRequest(texts, getattr(self._local, "share", None) or EmbedTiming())
        with self._changed:
            if self._state.closed:
                raise RuntimeError("the embedder is closed")
            wishes.append(wish)
            self._changed.notify()
        wish.done.wait()
        wish.share.seconds += time.monotonic() - wish.since
        if wish.error is not None:
            raise wish.error
        assert wish.vectors is not None
        return wish.vectors

    def _run(self) -> None:
        while True:
            with self._changed:
                questions, passages = self._take()
            if not questions and not passages:
                return
            self._grant(passages, self._embedder.embed_passages)
            self._grant(questions, self._embedder.embed_questions)

    def _take(self) -> tuple[list[_EmbedRequest], list[_EmbedRequest]]:
        """Wait for what is to be encoded next: questions, passages or both; nothing at the end."""
        state = self._state
        while not state.closed or state.questions or state.passages:
            left = state.left(self._patience) if state.questions else None
            due = left is not None and (left <= 0 or state.closed)
            if due or state.passages:
                questions = list(state.questions) if due else []
                del state.questions[: len(questions)]
                passages = list(state.passages)
                state.passages.clear()
                return questions, passages
            self._changed.wait(left)
        return [], []

    @staticmethod
    def _grant(wishes: list[_EmbedRequest], embed: Callable[[Sequence[str]], Vectors]) -> None:
        if not wishes:
            return
        texts = [text for wish in wishes for text in wish.texts]
        failure: Exception | None = None
        vectors: Vectors | None = None
        try:
            vectors = embed(texts)
        except Exception as error:  # each thread gets it as if it had called itself
            failure = error
        except BaseException as error:  # such as a panic of the tokenizer: this thread goes on
            failure = RuntimeError(f"encoding ended by {type(error).__name__}: {error}")
        first = 0
        for wish in wishes:
            wish.share.batch = max(wish.share.batch, len(texts))
            wish.error = failure
            if vectors is not None:
                wish.vectors = vectors[first : first + len(wish.texts)]
            first += len(wish.texts)
            wish.done.set()
