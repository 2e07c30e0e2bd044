"""Month names."""

from indexer.text import months


def test_each_month_has_a_german_and_an_english_name() -> None:
    assert len(months.GERMAN) == len(months.ENGLISH) == 12
    assert set(months.FULL_NAMES.values()) == set(range(1, 13))


def test_the_number_of_a_month_is_known_by_every_spelling() -> None:
    names = ("januar", "january", "jänner", "jan", "märz", "maerz", "march", "dez", "december")
    assert [months.ALL_NAMES[name] for name in names] == [1, 1, 1, 1, 3, 3, 3, 12, 12]
