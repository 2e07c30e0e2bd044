"""Concepts and their glossary."""

import pytest

from indexer import resources
from indexer.analysis.concepts import find_concepts
from indexer.text.languages import Language
from indexer.text.normalization import fold

ROWS = resources.rows("glossary.tsv")


def test_each_row_names_a_concept_and_words_of_three_languages() -> None:
    assert all(len(row) == 4 for row in ROWS)
    assert all(words.strip() for row in ROWS for column in row for words in column.split(","))


def test_no_concept_is_listed_twice() -> None:
    names = [row[0] for row in ROWS]
    assert sorted(set(names)) == sorted(names)


def test_words_are_in_lower_case_with_single_spaces() -> None:
    for row in ROWS:
        for words in ",".join(row[1:]).split(","):
            assert words == words.lower()
            assert words.rstrip() == " ".join(words.split())


@pytest.mark.parametrize("column", [1, 2, 3])
def test_every_listed_beginning_finds_its_concept(column: int) -> None:
    languages: tuple[Language, ...] = ("de", "en", "vi")
    for row in ROWS:
        for words in row[column].split(","):
            assert row[0] in find_concepts(f"… {words}", languages[column - 1])


@pytest.mark.parametrize(
    ("concept", "german", "english", "vietnamese"),
    [
        ("chair", "Wer leitete die Sitzung?", "Who chaired the session?", "Ai chủ trì cuộc họp?"),
        ("merge", "die Fusion der Ämter", "the offices were merged", "sáp nhập các sở"),
        ("set up", "wurde eingerichtet", "was established", "được thành lập"),
        ("lack", "es fehlt Personal", "staff are lacking", "thiếu cán bộ"),
    ],
)
def test_three_languages_share_a_concept(concept: str, german: str, english: str, vietnamese: str) -> None:
    assert concept in find_concepts(german, "de") & find_concepts(english, "en") & find_concepts(
        vietnamese, "vi"
    )


@pytest.mark.parametrize("text", ["ai chủ trì hội nghị?", "sáp nhập các sở", "thành lập ban chỉ đạo"])
def test_vietnamese_without_diacritics_has_the_same_concepts(text: str) -> None:
    assert find_concepts(text, "vi") <= find_concepts(fold(text), "vi")


def test_words_with_diacritics_are_not_folded() -> None:
    assert "lack" in find_concepts("thieu can bo", "vi")
    assert "lack" not in find_concepts("thiêu cán bộ", "vi")


def test_only_the_beginning_of_a_word_counts() -> None:
    assert "chair" in find_concepts("die Leitung", "de")
    assert "chair" not in find_concepts("die Begleitung", "de")


def test_case_and_white_space_do_not_matter() -> None:
    assert find_concepts("WORK \n\t TOGETHER", "en") == find_concepts("work together", "en") == {"coordinate"}


@pytest.mark.parametrize("language", ["de", "en", "vi"])
@pytest.mark.parametrize("text", ["", " \n\t ", "…", "57"])
def test_a_text_without_words_has_no_concepts(text: str, language: Language) -> None:
    assert find_concepts(text, language) == frozenset()


@pytest.mark.parametrize("piece", ["a", "leitet ", " ", "a "])
def test_a_long_text_is_searched_to_its_end(piece: str) -> None:
    assert find_concepts(piece * (100_000 // len(piece)), "de") <= {"chair"}
