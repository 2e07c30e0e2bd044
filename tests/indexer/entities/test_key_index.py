"""Look-up of the known keys nearest to an unknown one."""

import time

import pytest

from indexer.entities.key_index import KeyIndex


@pytest.mark.parametrize(
    ("key", "known", "expected"),
    [
        ("NQ-157", ["NQ-57", "NQ-18", "CT-35", "KL-118", "QD-137", "NQ-25"], ["NQ-57"]),
        ("NQ-157", ["CT-157", "NQ-15", "NQ-57"], ["NQ-57", "NQ-15", "CT-157"]),
        ("NQ-43", ["NQ-42", "NQ-48", "KL-43", "NQ-41"], ["KL-43", "NQ-42", "NQ-41"]),
        ("NQ-57", ["NQ-57/2024", "NQ-75"], ["NQ-57/2024", "NQ-75"]),
        ("NQ-3", ["NQ-3/CP", "NQ-8"], ["NQ-3/CP"]),
        ("NQ-81", ["NQ-57", "CT-35"], []),
        ("NQ-57", ["NQ-57"], []),
        ("NQ-57", ["", "57", "NQ-5x"], []),
        ("fifty-seven", ["NQ-57"], []),
    ],
)
def test_the_nearest_known_keys_come_first(key: str, known: list[str], expected: list[str]) -> None:
    assert KeyIndex(known).nearest(key) == expected


def test_nearest_keys_do_not_depend_on_order_or_repetition() -> None:
    known = ["NQ-57", "CT-157", "NQ-15", "NQ-57"]
    assert KeyIndex(known).nearest("NQ-157") == KeyIndex(sorted(known, reverse=True)).nearest("NQ-157")


def test_nearest_keys_are_limited() -> None:
    assert KeyIndex(["NQ-57", "NQ-15", "CT-157"]).nearest("NQ-157", limit=1) == ["NQ-57"]


def test_no_near_key_is_missed() -> None:
    known = [f"NQ-{number}" for number in range(1, 2000)]
    near = {f"NQ-{number}" for number in (17, 57, 107, 151, 156, 175, 715, 1157, 1507, 1570)} | {"NQ-15"}
    assert near <= set(KeyIndex(known).nearest("NQ-157", limit=1000))


def test_hundreds_of_unknown_keys_are_compared_with_thousands_of_known_ones_in_a_moment() -> None:
    index = KeyIndex(f"{kind}-{number}" for kind in ("NQ", "CT", "KL", "QD") for number in range(1, 9999))
    began = time.perf_counter()
    found = [index.nearest(f"ND-{number}") for number in range(10_000, 10_300)]
    # Each compared with every known one: more than a minute.
    assert time.perf_counter() - began < 10
    assert all(len(near) == 3 for near in found)


@pytest.mark.parametrize("digits", [10, 5000])
def test_a_number_of_many_digits_is_near_to_none(digits: int) -> None:
    assert KeyIndex(["NQ-5", "NQ-" + "5" * 9]).nearest("NQ-" + "5" * digits) == []
