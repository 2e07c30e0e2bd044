"""Folded text and its positions in the original."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.entities.folded_text import fold_text


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Nghị quyết số 57", "Nghi quyet so 57"),
        (unicodedata.normalize("NFD", "Nghị quyết"), "Nghi quyet"),
        ("Beschluß Đảng", "Beschluss Dang"),
        ("57–59 — 60", "57-59 - 60"),
        ("Resolution\u00a0 57\t", "Resolution 57 "),
        ("eine Zeile\nnoch eine\n\nein Absatz", "eine Zeile noch eine\nein Absatz"),
        ("Resolu-\ntion", "Resolution"),
        ("Resolu\u00adtion", "Resolution"),
        ("NQ-\n57", "NQ- 57"),
        ("Resolution 57¹ und ½", "Resolution 57¹ und ½"),
    ],
)
def test_a_text_has_one_spelling(text: str, folded: str) -> None:
    assert fold_text(text).folded == folded


def test_a_span_leads_back_to_the_original_with_its_combining_marks() -> None:
    text = unicodedata.normalize("NFD", "số 57-NQ/TƯ!")
    folded = fold_text(text)
    end = folded.folded.index("!")
    first, last = folded.original_span(0, end)
    assert unicodedata.normalize("NFC", text[first:last]) == "số 57-NQ/TƯ"


def test_an_original_word_is_composed() -> None:
    folded = fold_text(unicodedata.normalize("NFD", "hộ nghèo"))
    assert folded.original_word(0, 2) == "hộ"


@given(st.text(alphabet="aB-ß Đé\u0301\n\u00ad1½", max_size=60))
def test_every_folded_character_has_a_position_in_order(text: str) -> None:
    folded = fold_text(text)
    assert len(folded.offsets) == len(folded.folded)
    assert folded.offsets == sorted(folded.offsets)
    assert all(0 <= offset < len(text) for offset in folded.offsets)
