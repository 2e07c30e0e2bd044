"""Batch encoding: texts of several questions go through the model in one call.

A model takes little longer for eight questions than for two, and on a small machine encoding is most of an
answer. Each question runs in a thread of its own; one more thread encodes for all. Questions wait until every
other running question has come to the same point, since until then the processor is busy with those anyway,
but at most ``patience`` seconds. If more ran at once a moment ago, they wait for ``BATCH_LINGER`` seconds,
since a client that has just got an answer is likely to ask again. A question alone is encoded at once.

Passages belong to questions that are half answered, and gain little from batching: they come first and do not
wait.
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
from service.deadline import check_deadline, seconds_left

#: Seconds that questions wait for as many as ran at once recently.
BATCH_LINGER = 0.006
#: Seconds for which the largest number of running questions counts as recent.
RECENT = 0.25


@dataclass(slots=True)
class EmbedTiming:
    """The model's work for one question: seconds from requests to vectors, and texts in the largest batch."""

    seconds: float = 0.0
    batch: int = 0


@dataclass(slots=True, eq=False)
class _EmbedRequest:
    """Texts that a thread waits for: ``done`` is set when ``vectors`` or ``error`` is there."""

    texts: Sequence[str]
    timing: EmbedTiming
    since: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    vectors: Vectors | None = None
    error: Exception | None = None


@dataclass(slots=True)
class _State:
    """Running questions and waiting requests; guarded by the condition of the embedder."""

    running: int = 0
    questions: list[_EmbedRequest] = field(default_factory=list)
    passages: list[_EmbedRequest] = field(default_factory=list)
    peak: int = 0
    peak_at: float = 0.0
    closed: bool = False

    def recent_peak(self, now: float) -> int:
        """The largest number of questions that ran at once recently."""
        if self.running >= self.peak or now - self.peak_at > RECENT:
            self.peak, self.peak_at = self.running, now
        return self.peak

    def wait_seconds(self, patience: float) -> float:
        """Seconds until the questions are to be encoded if nothing changes; 0 or less: now."""
        now = time.monotonic()
        if len(self.questions) + len(self.passages) < self.running:
            return self.questions[0].since + patience - now
        if len(self.questions) < self.recent_peak(now):
            return self.questions[-1].since + BATCH_LINGER - now
        return 0.0


class BatchingEmbedder:
    """An ``Embedder`` over another one, for several threads that enter ``question``.

    It must be closed; later requests are errors. The vectors of a text hardly depend on its batch: their
    cosine is above 0.9999.

    Args:
        patience: longest time in seconds that a question waits for others.
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

    @property
    def waiting(self) -> int:
        """The number of requests for vectors of questions that wait to be encoded."""
        return len(self._state.questions)

    def subwords(self, word: str) -> tuple[str, ...]:
        return self._embedder.subwords(word)

    @contextmanager
    def question(self) -> Iterator[EmbedTiming]:
        """Count this thread as answering a question while the block runs; requests of others wait for its."""
        timing = self._local.timing = EmbedTiming()
        with self._changed:
            self._state.running += 1
            self._state.recent_peak(time.monotonic())
        try:
            yield timing
        finally:
            del self._local.timing
            with self._changed:
                self._state.running -= 1
                self._changed.notify()

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """The vectors of questions, encoded together with those of other threads."""
        return self._request(self._state.questions, texts)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """The vectors of passages, encoded together with those of other threads."""
        vectors = self._request(self._state.passages, texts)
        if progress:
            progress(len(texts))
        return vectors

    def close(self) -> None:
        """Encode the waiting requests and end the thread."""
        with self._changed:
            self._state.closed = True
            self._changed.notify()
        self._thread.join()

    def _request(self, queue: list[_EmbedRequest], texts: Sequence[str]) -> Vectors:
        check_deadline()
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        request = _EmbedRequest(texts, getattr(self._local, "timing", None) or EmbedTiming())
        with self._changed:
            if self._state.closed:
                raise RuntimeError("the embedder is closed")
            queue.append(request)
            self._changed.notify()
        if not request.done.wait(seconds_left()):
            self._withdraw(request, queue)
            check_deadline()
        request.timing.seconds += time.monotonic() - request.since
        if request.error is not None:
            raise request.error
        assert request.vectors is not None
        return request.vectors

    def _withdraw(self, request: _EmbedRequest, queue: list[_EmbedRequest]) -> None:
        """Take back a request that has come to its deadline, unless it is being encoded already."""
        with self._changed:
            if request in queue:
                queue.remove(request)

    def _run(self) -> None:
        while True:
            with self._changed:
                questions, passages = self._next_batch()
            if not questions and not passages:
                return
            _encode(passages, self._embedder.embed_passages)
            _encode(questions, self._embedder.embed_questions)

    def _next_batch(self) -> tuple[list[_EmbedRequest], list[_EmbedRequest]]:
        """Wait for the requests to encode next: questions, passages, or both; none when closed."""
        state = self._state
        while not state.closed or state.questions or state.passages:
            seconds = state.wait_seconds(self._patience) if state.questions else None
            due = seconds is not None and (seconds <= 0 or state.closed)
            if due or state.passages:
                questions = list(state.questions) if due else []
                del state.questions[: len(questions)]
                passages = list(state.passages)
                state.passages.clear()
                return questions, passages
            self._changed.wait(seconds)
        return [], []


def _encode(requests: list[_EmbedRequest], embed: Callable[[Sequence[str]], Vectors]) -> None:
    """Encode the texts of requests in one call, and give each its vectors or the error."""
    if not requests:
        return
    texts = [text for request in requests for text in request.texts]
    failure: Exception | None = None
    vectors: Vectors | None = None
    try:
        vectors = embed(texts)
    except Exception as error:  # raised again in each thread, as if it had called the model itself
        failure = error
    except BaseException as error:  # such as a panic of the tokenizer: this thread goes on
        failure = RuntimeError(f"encoding ended by {type(error).__name__}: {error}")
    first = 0
    for request in requests:
        request.timing.batch = max(request.timing.batch, len(texts))
        request.error = failure
        if vectors is not None:
            request.vectors = vectors[first : first + len(request.texts)]
        first += len(request.texts)
        request.done.set()
