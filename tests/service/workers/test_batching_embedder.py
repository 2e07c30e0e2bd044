"""Texts of several questions encoded in one call."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.arrays import Vectors
from service.workers.batching_embedder import BATCH_LINGER, BatchingEmbedder

Result = TypeVar("Result")

#: Seconds after which something has failed that takes milliseconds.
LONG = 30.0
#: For questions that must not be encoded for having waited too long.
NEVER = 3600.0
RIVER, SCHOOL, BRIDGE = "Wie breit ist der Fluss?", "Wie viele Schulen gibt es?", "Wer baute die Brücke?"


class Model(FakeEmbedder):
    """Keeps the texts of each call; texts in ``broken`` make it fail; ``gate`` holds every call up."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.broken: set[str] = set()
        self.entered, self.gate = threading.Event(), threading.Event()
        self.gate.set()

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        self.entered.set()
        assert self.gate.wait(LONG)
        if self.broken.intersection(texts):
            raise ValueError("the model broke")
        return super().embed_questions(texts)


@pytest.fixture
def model() -> Model:
    return Model()


@contextmanager
def batching(model: FakeEmbedder, patience: float = NEVER) -> Iterator[BatchingEmbedder]:
    embedder = BatchingEmbedder(model, patience)
    try:
        yield embedder
    finally:
        embedder.close()


def started(work: Callable[[], Result]) -> "Future[Result]":
    """The work in a thread that holds nothing up, should it hang."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def asking(
    embedder: BatchingEmbedder, *texts: str, meeting: threading.Barrier | None = None
) -> "Future[Vectors]":
    """A question in a thread of its own that wants the vectors of some texts, once all have met."""

    def work() -> Vectors:
        with embedder.question():
            if meeting:
                meeting.wait(LONG)
            return embedder.embed_questions(texts)

    return started(work)


@contextmanager
def running(embedder: BatchingEmbedder) -> Iterator[None]:
    """Another question that is busy with something else as long as the block runs."""
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        with embedder.question():
            begun.set()
            ended.wait()

    done = started(work)
    assert begun.wait(LONG)
    try:
        yield
    finally:
        ended.set()
        done.result(LONG)


def wait_until_requested(embedder: BatchingEmbedder, requests: int) -> None:
    """Return when so many wait for the vectors of questions."""
    until = time.monotonic() + LONG
    while embedder.waiting < requests:
        assert time.monotonic() < until
        time.sleep(0.001)


def alone(*texts: str) -> Vectors:
    return FakeEmbedder().embed_questions(texts)


def test_a_question_alone_is_encoded_at_once(model: Model) -> None:
    with batching(model) as embedder:
        assert np.array_equal(asking(embedder, RIVER).result(LONG), alone(RIVER))
    assert model.batches == [[RIVER]]


def test_a_question_alone_after_several_at_once_is_not_kept_waiting_for_more(model: Model) -> None:
    with batching(model) as embedder:
        meeting = threading.Barrier(2)
        for asked in [asking(embedder, text, meeting=meeting) for text in (RIVER, SCHOOL)]:
            asked.result(LONG)
        assert np.array_equal(asking(embedder, BRIDGE).result(LONG), alone(BRIDGE))


def test_questions_that_run_at_once_are_encoded_in_one_call(model: Model) -> None:
    with batching(model) as embedder:
        meeting = threading.Barrier(3)
        for asked in [asking(embedder, text, meeting=meeting) for text in (RIVER, SCHOOL, BRIDGE)]:
            asked.result(LONG)
    assert model.calls == 1
    assert sorted(model.questions) == sorted([RIVER, SCHOOL, BRIDGE])


def test_questions_that_come_while_the_model_is_busy_are_encoded_together_next(model: Model) -> None:
    with batching(model) as embedder:
        model.gate.clear()
        first = asking(embedder, RIVER)
        assert model.entered.wait(LONG)
        others = [asking(embedder, SCHOOL), asking(embedder, BRIDGE)]
        wait_until_requested(embedder, 2)
        model.gate.set()
        for asked in (first, *others):
            asked.result(LONG)
    assert [len(batch) for batch in model.batches] == [1, 2]


def test_a_question_waits_for_another_one_that_runs(model: Model) -> None:
    with batching(model) as embedder:
        with running(embedder):
            asked = asking(embedder, RIVER)
            time.sleep(10 * BATCH_LINGER)
            assert model.batches == []
        asked.result(LONG)


def test_a_question_that_ends_without_texts_delays_no_other(model: Model) -> None:
    with batching(model) as embedder:
        with running(embedder):
            asked = asking(embedder, RIVER)
            wait_until_requested(embedder, 1)
            assert model.batches == []
        assert np.array_equal(asked.result(LONG), alone(RIVER))


def test_a_question_that_fails_delays_no_other(model: Model) -> None:
    with batching(model) as embedder:
        with pytest.raises(KeyError), embedder.question():
            raise KeyError("not the model's fault")
        assert np.array_equal(asking(embedder, RIVER).result(LONG), alone(RIVER))


def test_each_question_gets_its_own_vectors(model: Model) -> None:
    with batching(model) as embedder:
        meeting = threading.Barrier(3)
        wanted = [(RIVER,), (SCHOOL, BRIDGE), (BRIDGE,)]
        asked = [asking(embedder, *texts, meeting=meeting) for texts in wanted]
        for texts, found in zip(wanted, asked, strict=True):
            assert np.array_equal(found.result(LONG), alone(*texts))
    assert model.calls == 1


def test_no_texts_are_no_vectors_and_no_call(model: Model) -> None:
    with batching(model) as embedder:
        assert embedder.embed_questions([]).shape == (0, model.dimension)
        assert embedder.embed_passages([]).shape == (0, model.dimension)
    assert model.calls == 0


def test_passages_are_not_kept_waiting_by_questions(model: Model) -> None:
    with batching(model) as embedder:
        with running(embedder):
            question = asking(embedder, RIVER)
            wait_until_requested(embedder, 1)
            with running(embedder):
                passages = started(lambda: embedder.embed_passages([SCHOOL]))
                assert np.array_equal(passages.result(LONG), FakeEmbedder().embed_passages([SCHOOL]))
            assert model.questions == []
        question.result(LONG)
    assert (model.texts, model.questions) == ([SCHOOL], [RIVER])


def test_embedding_passages_reports_progress(model: Model) -> None:
    reported: list[int] = []
    with batching(model) as embedder:
        embedder.embed_passages([RIVER, SCHOOL], reported.append)
    assert sum(reported) == 2


def test_patience_limits_the_wait_for_other_questions(model: Model) -> None:
    with batching(model, patience=0.01) as embedder, running(embedder):
        assert np.array_equal(asking(embedder, RIVER).result(LONG), alone(RIVER))


def test_a_question_learns_how_long_and_with_how_many_texts_it_was_encoded(model: Model) -> None:
    with batching(model) as embedder:
        meeting = threading.Barrier(2)
        other = asking(embedder, SCHOOL, BRIDGE, meeting=meeting)
        with embedder.question() as share:
            meeting.wait(LONG)
            embedder.embed_questions([RIVER])
            assert (share.batch, share.seconds > 0) == (3, True)
            other.result(LONG)
            embedder.embed_questions([RIVER])
        assert share.batch == 3


def test_an_error_reaches_every_thread_that_took_part_and_the_embedder_goes_on(model: Model) -> None:
    model.broken.add(SCHOOL)
    with batching(model) as embedder:
        meeting = threading.Barrier(2)
        for asked in [asking(embedder, text, meeting=meeting) for text in (RIVER, SCHOOL)]:
            with pytest.raises(ValueError, match="the model broke"):
                asked.result(LONG)
        assert np.array_equal(asking(embedder, RIVER).result(LONG), alone(RIVER))


def test_an_error_over_passages_spares_the_questions() -> None:
    model = FakeEmbedder(fail_after=0)
    with batching(model) as embedder, running(embedder):
        question = asking(embedder, RIVER)
        wait_until_requested(embedder, 1)
        with embedder.question(), pytest.raises(RuntimeError, match="the model broke"):
            embedder.embed_passages([SCHOOL])
        embedder.close()
        assert np.array_equal(question.result(LONG), alone(RIVER))


def test_closing_finishes_what_waits_and_ends_the_thread(model: Model) -> None:
    before = set(threading.enumerate())
    embedder = BatchingEmbedder(model, NEVER)
    [thread] = set(threading.enumerate()) - before
    with running(embedder):
        asked = asking(embedder, RIVER)
        wait_until_requested(embedder, 1)
        started(embedder.close).result(LONG)
        assert np.array_equal(asked.result(LONG), alone(RIVER))
    assert not thread.is_alive()


def test_closing_twice_is_closing(model: Model) -> None:
    before = threading.active_count()
    with batching(model) as embedder:
        embedder.close()
    assert threading.active_count() == before


def test_name_digest_dimension_and_pieces_are_those_of_the_model_below(model: Model) -> None:
    with batching(model) as embedder:
        assert (embedder.name, embedder.digest, embedder.dimension) == ("fake", model.digest, 64)
        assert embedder.subwords("Resolution") == ("Resol", "ution")


def test_many_threads_get_exactly_what_the_model_alone_gives(model: Model) -> None:
    words = ["Fluss", "Schule", "Brücke", "Dorf", "Nghị", "quyết", "57", "mangelt", "nicht", "überall"]
    meeting = threading.Barrier(50)

    def several(dice: random.Random) -> list[str]:
        return [" ".join(dice.choices(words, k=dice.randint(1, 4))) for _ in range(dice.randint(0, 3))]

    def work(seed: int) -> list[tuple[list[str], Vectors]]:
        dice, found = random.Random(seed), []
        meeting.wait(LONG)
        for _ in range(12):
            with embedder.question():
                for _ in range(dice.randint(0, 3)):
                    texts = several(dice)
                    embed = embedder.embed_passages if dice.random() < 0.3 else embedder.embed_questions
                    found.append((texts, embed(texts)))
        return found

    with batching(model, patience=0.005) as embedder:
        threads = [started(partial(work, seed)) for seed in range(50)]
        found = [pair for thread in threads for pair in thread.result(LONG)]
    assert len(found) > 500
    for texts, vectors in found:
        # Of the fake model, passages and questions have the same vectors.
        assert np.array_equal(vectors, alone(*texts))


class Panicking(Model):
    """Ends as a tokenizer written in Rust does that meets what it did not expect."""

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        if RIVER in texts:
            raise BaseException("index out of bounds")
        return super().embed_questions(texts)


def test_a_base_exception_is_an_error_for_its_caller_and_the_embedder_goes_on() -> None:
    with batching(Panicking()) as embedder:
        with pytest.raises(RuntimeError, match="index out of bounds"):
            asking(embedder, RIVER).result(LONG)
        assert np.array_equal(asking(embedder, SCHOOL).result(LONG), alone(SCHOOL))


def test_a_request_after_closing_is_an_error(model: Model) -> None:
    with batching(model) as embedder:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        asking(embedder, RIVER).result(LONG)
