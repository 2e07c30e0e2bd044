"""Mentions in a text."""

from indexer.entities.mentions import Mentions, find_mentions

REPORT = """Am 25. April 2024 tagte der Ausschuss der Provinz Hà Giang.
Hà Giang meldete am 25. April 2024 Fortschritte, Quảng Ninh folgt im Mai 2024 und am 1. Juni."""


def test_a_repeated_mention_is_found_once() -> None:
    assert find_mentions(REPORT) == Mentions(
        places=frozenset({"Hà Giang", "Quảng Ninh"}),
        periods=frozenset({("2024-04-25", "2024-04-25"), ("2024-05-01", "2024-05-31")}),
        days=frozenset({(4, 25), (6, 1)}),
    )


def test_a_text_can_have_no_mentions() -> None:
    assert find_mentions("Das Dach ist rot.") == Mentions()
