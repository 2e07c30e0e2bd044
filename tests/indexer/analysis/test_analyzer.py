"""Index terms of documents and questions."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.analyzer import (
    cross_lingual_terms,
    document_terms,
    name_terms,
    question_terms,
    subword_terms,
    surface_terms,
)
from indexer.text.languages import LANGUAGES, Language


@pytest.mark.parametrize(
    ("one", "two"),
    [("1.088 Haushalte", "1,088 households"), ("12.345.678", "12,345,678"), ("98 %", "98 Prozent")],
)
def test_a_number_is_one_term_in_both_notations(one: str, two: str) -> None:
    def number(text: str) -> set[str]:
        return {term for term in surface_terms(text) if term[1:].isdigit()}

    assert number(one) == number(two)
    assert len(number(one)) == 1


@pytest.mark.parametrize("text", ["57", "57.", "(57)", "57,", "Nr.57"])
def test_a_number_keeps_its_value_beside_punctuation(text: str) -> None:
    assert "=57" in document_terms(text, "de")


def test_a_document_has_stems_and_surface_terms() -> None:
    assert document_terms("Die Resolutionen wurden umgesetzt", "de") == [
        "resolution",
        "=resolutionen",
        "umgesetzt",
        "=umgesetzt",
    ]


def test_a_question_has_stems_only() -> None:
    assert question_terms("Welche Resolutionen wurden umgesetzt?", "de") == ["resolution", "umgesetzt"]


@pytest.mark.parametrize(
    ("document", "question", "language"),
    [
        ("Mängel", "Mangel", "de"),
        ("Umsetzung der Resolution", "Resolutionen", "de"),
        ("shortcomings", "shortcoming", "en"),
        ("HẠN CHẾ", "hạn chế", "vi"),
        ("hạn chế", "han che", "vi"),
        (unicodedata.normalize("NFD", "Mängel"), "Mängel", "de"),
    ],
)
def test_an_inflected_or_folded_word_matches_the_document(
    document: str, question: str, language: Language
) -> None:
    asked = question_terms(question, language)
    assert asked
    assert set(asked) <= set(document_terms(document, language))


@pytest.mark.parametrize(
    ("text", "language"), [("Die und der, was?", "de"), ("What of the?", "en"), ("những của là", "vi")]
)
def test_stop_words_are_not_terms(text: str, language: Language) -> None:
    assert document_terms(text, language) == []
    assert question_terms(text, language) == []
    assert cross_lingual_terms(text, language) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [("Resolution Nr. 57-NQ/TW", "de"), ("Resolution No. 57", "en"), ("Nghị quyết số 57", "vi")],
)
def test_a_reference_is_one_term_in_every_language(text: str, language: Language) -> None:
    assert "=NQ-57" in document_terms(text, language)
    assert "=NQ-57" in question_terms(text, language)
    assert "=NQ-57" in cross_lingual_terms(text, language)


def test_a_number_of_something_else_is_not_a_reference_term() -> None:
    assert not [
        term for term in document_terms("57 Haushalte, 57 %, Seite 57", "de") if term.startswith("=NQ")
    ]


def test_cross_lingual_terms_are_folded_surface_terms() -> None:
    assert cross_lingual_terms("How did Hà Giang use 1,088 Internet cafés?", "en") == [
        "=ha",
        "=giang",
        "=use",
        "=1088",
        "=internet",
        "=cafes",
    ]


def test_cross_lingual_terms_match_documents_of_another_language() -> None:
    document = document_terms("In Ha Giang gab es 1.088 Dialoge im Internet.", "de")
    assert {"=ha", "=giang", "=1088", "=internet"} <= set(document)


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("What did Nguyen Hoai Anh say in 2024?", "en", ["=2024", "=nguyen", "=hoai", "=anh"]),
        ("Đồng chí Nguyễn Hoài Anh nói gì?", "vi", ["=nguyen", "=hoai", "=anh"]),
        ("Was sagte Nguyen Hoai Anh 2024?", "de", ["=2024"]),
    ],
)
def test_names_and_numbers_of_a_question(question: str, language: Language, expected: list[str]) -> None:
    assert name_terms(question, language) == expected


def fives(word: str) -> list[str]:
    """Pieces of five letters, as a tokenizer might cut them."""
    return [word[start : start + 5] for start in range(0, len(word), 5)]


def test_compounds_without_a_common_stem_share_subwords() -> None:
    one, two = "Massenmobilisierungsarbeit", "Massenmobilisierung"
    assert not set(question_terms(one, "de")) & set(question_terms(two, "de"))
    assert set(subword_terms(one, "de", fives)) & set(subword_terms(two, "de", fives)) == {
        "~masse",
        "~nmobi",
        "~lisie",
    }


@pytest.mark.parametrize(
    ("text", "language"), [("Die und der, was?", "de"), ("What of the?", "en"), ("những của là", "vi")]
)
def test_stop_words_have_no_subwords(text: str, language: Language) -> None:
    assert subword_terms(text, language, fives) == []


def test_a_subword_of_one_letter_is_left_out() -> None:
    assert subword_terms("Arbeit", "de", fives) == ["~arbei"]


def test_subwords_do_not_depend_on_case_and_composition() -> None:
    written = ["Mängel", "MÄNGEL", unicodedata.normalize("NFD", "mängel")]
    assert [subword_terms(text, "de", fives) for text in written] == [["~mänge"]] * 3


def test_subword_terms_differ_from_stems_and_surface_terms() -> None:
    assert not set(subword_terms("Hà Giang 57 Mangel", "de", fives)) & set(
        document_terms("Hà Giang 57 Mangel", "de")
    )


@given(st.text(), st.sampled_from(LANGUAGES))
def test_any_text_has_terms_without_capitals_and_space(text: str, language: Language) -> None:
    found = [
        *document_terms(text, language),
        *question_terms(text, language),
        *cross_lingual_terms(text, language),
    ]
    assert all(term and not any(letter.isspace() for letter in term) for term in found)
    assert set(cross_lingual_terms(text, language)) <= set(document_terms(text, language))
