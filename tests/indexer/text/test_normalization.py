"""Folding and word lists."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.text.normalization import fold, word_list


@given(st.text())
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Hà Giang", "ha giang"), ("ĐẮK LẮK", "dak lak"), ("Größe", "große"), ("Ứng Hòa", "ung hoa")],
)
def test_folding_removes_case_and_diacritics(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_keeps_combining_marks() -> None:
    assert fold(unicodedata.normalize("NFD", "Hà")) == "ha\u0300"


def test_a_word_list_is_separated_by_any_white_space() -> None:
    assert word_list(" eins zwei\n\tdrei eins ") == {"eins", "zwei", "drei"}
