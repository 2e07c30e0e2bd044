"""Restoration of Vietnamese diacritics."""

import unicodedata

import pytest

from indexer.analysis.diacritics import restore_diacritics


@pytest.mark.parametrize(
    ("typed", "restored"),
    [
        ("Nghi quyet so 57 co nhung han che gi?", "Nghị quyết số 57 có những hạn chế gì?"),
        ("Muc dich cua hoi thao la gi?", "Mục đích của hội thảo là gì?"),
        ("chuyen doi so dien ra o dau", "chuyển đổi số diễn ra ở đâu"),
    ],
)
def test_missing_diacritics_are_restored(typed: str, restored: str) -> None:
    assert restore_diacritics(typed) == restored


@pytest.mark.parametrize("text", ["Nghị quyết 57 co han che gi?", "Đồng chi", "", "57", "xyzzy 12%"])
def test_a_text_with_diacritics_or_unknown_words_is_unchanged(text: str) -> None:
    assert restore_diacritics(text) == text


def test_capitals_are_kept() -> None:
    assert restore_diacritics("CHUYEN DOI SO") == "CHUYỂN ĐỔI SỐ"


@pytest.mark.parametrize(
    "text", ["Muc tieu tang truong bao nhieu?", "  hoi   thao\n o dau ", "e\u0301 han che"]
)
def test_the_text_keeps_its_length(text: str) -> None:
    assert len(restore_diacritics(text)) == len(text)
    assert (
        unicodedata.normalize("NFC", restore_diacritics(text)) == restore_diacritics(text)
        or restore_diacritics(text) == text
    )
