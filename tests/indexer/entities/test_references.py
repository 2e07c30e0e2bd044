"""The grammar of numbered acts against a table of mentions, and what must hold for any text."""

import itertools
import re
import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.entities.reference_grammar import KINDS
from indexer.entities.references import display_name, find_references

# language, text (\n and \uXXXX written out), expected keys in reading order
ROWS = [
    (re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text.replace(r"\n", "\n")), expected)
    for _, text, expected in (
        line.split("\t")
        for line in Path(__file__).with_name("reference_mentions.tsv").read_text("utf-8").splitlines()[1:]
    )
]
LEADS = ["Resolution Nr.", "Resolution No.", "Nghị quyết số", "Beschluss", "Directive", "NQ", "NQ-"]
LANGUAGES = ["de", "en", "vi"]


def keys(text: str) -> list[str]:
    return [reference.key for reference in find_references(text)]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_mentions_have_the_keys_of_the_table(text: str, expected: str) -> None:
    assert ",".join(keys(text)) == expected


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_decomposed_text_has_the_same_keys(text: str, expected: str) -> None:
    assert ",".join(keys(unicodedata.normalize("NFD", text))) == expected


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_a_mention_has_the_same_keys_inside_a_paragraph(text: str, expected: str) -> None:
    assert ",".join(keys(f"Die Konferenz tagte.\n\n{text}\n\nEnde der 3 Tage.")) == expected


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_spans_are_in_order_and_select_the_mention_in_the_given_text(form: Literal["NFC", "NFD"]) -> None:
    text = unicodedata.normalize(form, "\n\n".join(text for text, _ in ROWS))
    found = find_references(text)
    assert [text[reference.start : reference.end] for reference in found] == [r.text for r in found]
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))


def test_the_span_runs_from_the_kind_word_to_the_end_of_the_sign() -> None:
    text = "Gemäß der Resolution Nr. 57-NQ/TW des Politbüros"
    assert [r.text for r in find_references(text)] == ["Resolution Nr. 57-NQ/TW"]


def test_the_span_of_a_later_item_is_its_number() -> None:
    assert [r.text for r in find_references("Resolutionen Nr. 57, 59-NQ/TW und 68")] == [
        "Resolutionen Nr. 57",
        "59-NQ/TW",
        "68",
    ]


def test_the_span_keeps_the_combining_marks_of_its_last_letter() -> None:
    text = unicodedata.normalize("NFD", "Nghị quyết số 57-NQ/TƯ và")
    (reference,) = find_references(text)
    assert unicodedata.normalize("NFC", reference.text) == "Nghị quyết số 57-NQ/TƯ"


@given(st.sampled_from(LEADS), st.integers(1, 99999), st.integers(1, 99999))
def test_another_number_is_another_key(lead: str, one: int, two: int) -> None:
    def read(number: int) -> list[str]:
        return keys(f"{lead}{'' if lead.endswith('-') else ' '}{number}")

    assert one == two or not read(one) or read(one) != read(two)


@given(st.integers(1, 9999), st.integers(0, 9))
def test_a_number_is_never_cut(number: int, digit: int) -> None:
    assert keys(f"Resolution Nr. {number}{digit}") == [f"NQ-{number}{digit}"]


@given(st.text(alphabet="Resolution NqTWw/-–.,()%#số và 0123456789\n\u0301\u00a0đß", max_size=80))
def test_any_text_has_valid_spans_and_canonical_keys(text: str) -> None:
    for reference in find_references(text):
        assert text[reference.start : reference.end] == reference.text
        assert keys(display_name(reference.key, "en")) == [reference.key]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("Resolution ", []),
        ("Resolution des Politbüros ", []),
        ("Resolution Nr. ", []),
        ("nghi ", []),
        ("NQ/TW ", []),
        ("57-NQ/", []),
        ("57,", []),
        ("5", []),
        (" ", []),
        ("\n", []),
        ("-", []),
        ("\u0301", []),
        ("a", []),
        ("(", []),
        ("https://", []),
        ("57, ", []),
        ("12 und 13 und ", []),
        ("57-NQ/TW, 59-KL/TW, ", ["NQ-57", "KL-59"]),
        ("Resolution 57 und 12 Haushalte ", ["NQ-57"]),
    ],
)
def test_two_hundred_thousand_characters_of_anything_are_read(unit: str, expected: list[str]) -> None:
    count = 200_000 // len(unit)
    assert keys("X " + unit * count + "X") == expected * count


def test_a_long_enumeration_is_read_to_its_end() -> None:
    assert len(find_references("Resolutionen Nr. 57" + ", 59" * 50_000)) == 50_001


def test_a_long_enumeration_that_ends_in_an_amount_has_only_its_first_number() -> None:
    assert keys("Resolution 57" + ", 59" * 50_000 + " Haushalte") == ["NQ-57"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tail", ["57", "57A", "57/2024", "2003/109", "3/CP"])
@pytest.mark.parametrize("kind", [kind.code for kind in KINDS])
def test_a_display_name_is_read_back_as_its_key(kind: str, tail: str, language: str) -> None:
    # The state's bodies sign decisions as QĐ, so a regulation of theirs has no key.
    key = f"{'QDI' if kind == 'QD' and tail == '3/CP' else kind}-{tail}"
    assert keys(display_name(key, language)) == [key]


@pytest.mark.parametrize(
    ("key", "language", "name"),
    [
        ("NQ-57", "de", "Resolution Nr. 57"),
        ("NQ-57", "en", "Resolution No. 57"),
        ("NQ-57", "vi", "Nghị quyết số 57"),
        ("CT-35", "de", "Richtlinie Nr. 35"),
        ("KL-118", "en", "Conclusion No. 118"),
        ("QD-137", "vi", "Quy định số 137"),
        ("CTR-68", "en", "Action Programme No. 68"),
        ("NQ-57A", "de", "Resolution Nr. 57a"),
        ("NQ-57/2024", "vi", "Nghị quyết số 57/2024"),
        ("QDI-749/TTG", "vi", "Quyết định số 749/QĐ-TTg"),
        ("NQ-57", "fr", "Resolution No. 57"),
    ],
)
def test_a_display_name_is_in_the_requested_language(key: str, language: str, name: str) -> None:
    assert display_name(key, language) == name


@pytest.mark.parametrize("key", ["", "57", "NQ", "XX-57", "NQ-57-NQ", "nq-57"])
def test_a_malformed_key_is_an_error(key: str) -> None:
    with pytest.raises(ValueError, match="not a reference key"):
        display_name(key, "de")
