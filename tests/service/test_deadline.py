"""Time limit of the request that a thread works on."""

import threading

import pytest

from service.deadline import DeadlineExceededError, check_deadline, seconds_left, time_limit, within_time


def test_without_a_limit_there_is_always_time() -> None:
    check_deadline()
    assert seconds_left() is None
    assert list(within_time("abc")) == ["a", "b", "c"]


def test_within_the_limit_there_is_time_and_after_it_none() -> None:
    with time_limit(60):
        check_deadline()
        assert list(within_time("abc")) == ["a", "b", "c"]
    with time_limit(0), pytest.raises(DeadlineExceededError):
        check_deadline()
    with time_limit(0), pytest.raises(DeadlineExceededError):
        list(within_time("abc"))
    assert seconds_left() is None


def test_a_limit_is_that_of_one_thread() -> None:
    found: list[float | None] = []
    with time_limit(0):
        thread = threading.Thread(target=lambda: found.append(seconds_left()))
        thread.start()
        thread.join()
    assert found == [None]
