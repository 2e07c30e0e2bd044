"""Sentences and passages of a text."""

import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.documents import Passage, Sentence
from indexer.preprocessing.chunking import MAX_SENTENCE_LENGTH, Chunking, Grouping, split_document
from indexer.preprocessing.cleaning import clean
from indexer.text.sentence_splitter import split_sentences

ONE, TWO, THREE = "Der erste Satz gilt.", "Der zweite Satz gilt.", "Der dritte Satz gilt."

#: Canonical texts: words, ends of sentences, headings, lead-ins, and now and then a sentence without an end.
WORDS = st.sampled_from(
    ["Satz", "gilt", "57", "Nr.", "z. B.", "Ende.", "Frage?", "so:", "Hà Giang", "👩‍👧", "und;"]
)
PARAGRAPHS = st.lists(WORDS, min_size=1, max_size=60).map(" ".join)
LONG = st.tuples(WORDS, st.integers(200, 800)).map(lambda pair: " ".join([pair[0].rstrip(".?")] * pair[1]))
TEXTS = st.lists(st.one_of(PARAGRAPHS, PARAGRAPHS, LONG, st.text(max_size=80)), max_size=8).map(
    lambda lines: clean("\n".join(lines))
)
CHUNKINGS = st.builds(
    Chunking, st.integers(100, 1600), st.integers(0, 90), st.sampled_from(["paragraph", "section"])
)


def passages(text: str, size: int = 1200, overlap: int = 0, grouping: Grouping = "paragraph") -> list[str]:
    return [text[p.start : p.end] for p in split_document(text, Chunking(size, overlap, grouping))[1]]


def headings(text: str) -> list[str]:
    return [text[s.start : s.end] for s in split_document(text)[0] if s.is_heading]


def test_sentences_of_a_paragraph_go_together() -> None:
    assert passages(f"{ONE} {TWO} {THREE}") == [f"{ONE} {TWO} {THREE}"]


def test_a_passage_never_spans_two_paragraphs() -> None:
    assert passages(f"{ONE}\n{TWO} {THREE}") == [ONE, f"{TWO} {THREE}"]


def test_a_passage_is_no_longer_than_its_size() -> None:
    assert passages(f"{ONE} {TWO} {THREE}", size=45) == [f"{ONE} {TWO}", THREE]


def test_a_sentence_longer_than_a_passage_is_a_passage_alone() -> None:
    assert passages(f"{ONE} {TWO} {THREE}", size=10) == [ONE, TWO, THREE]


def test_a_heading_goes_with_the_paragraph_that_follows() -> None:
    assert passages(f"{ONE}\nMängel\nIm Einzelnen\n{TWO}\n{THREE}") == [
        ONE,
        f"Mängel\nIm Einzelnen\n{TWO}",
        THREE,
    ]


def test_a_lead_in_goes_with_the_paragraph_that_follows() -> None:
    assert passages(f"Es gab drei Mängel:\n{ONE}\n{TWO}") == [f"Es gab drei Mängel:\n{ONE}", TWO]


def test_a_heading_at_the_end_is_a_passage_alone() -> None:
    assert passages(f"{ONE}\nAnhang") == [ONE, "Anhang"]


@pytest.mark.parametrize("line", ["Mängel", "Mängel und Ursachen:", "II. Aufgaben", "x" * 120])
def test_a_short_line_without_an_end_is_a_heading(line: str) -> None:
    assert headings(f"{line}\n{ONE}")[-1:] == [line]


@pytest.mark.parametrize(
    "line", [ONE, "Wirklich?", "Er sagte: „So sei es“", "(so gesehen)", "x" * 121, f"{ONE} Und mehr"]
)
def test_a_sentence_is_not_a_heading(line: str) -> None:
    assert headings(f"{line}\n{ONE}") == []


def test_a_passage_knows_its_first_and_last_sentence() -> None:
    sentences, split = split_document(f"{ONE} {TWO}\n{THREE}")
    assert split == [Passage(0, 42, 0, 1), Passage(43, 64, 2, 2)]
    assert sentences == [Sentence(0, 20), Sentence(21, 42), Sentence(43, 64)]


def test_an_overlap_repeats_the_last_sentence() -> None:
    assert passages(f"{ONE} {TWO} {THREE}", size=45, overlap=25) == [f"{ONE} {TWO}", f"{TWO} {THREE}"]


def test_an_overlap_does_not_reach_into_another_paragraph() -> None:
    assert passages(f"{ONE}\n{TWO}", size=45, overlap=25) == [ONE, TWO]


def test_an_overlap_is_of_whole_sentences_or_none() -> None:
    assert passages(f"{ONE} {TWO} {THREE}", size=45, overlap=20) == [f"{ONE} {TWO}", THREE]


def test_an_overlap_makes_a_sentence_part_of_two_passages() -> None:
    sentences, split = split_document(f"{ONE} {TWO} {THREE}", Chunking(45, 25))
    assert split == [Passage(0, 42, 0, 1), Passage(21, 64, 1, 2)]
    assert len(sentences) == 3


def test_by_section_paragraphs_go_together() -> None:
    assert passages(f"{ONE}\n{TWO} {THREE}", grouping="section") == [f"{ONE}\n{TWO} {THREE}"]


def test_by_section_a_paragraph_that_does_not_fit_is_not_divided() -> None:
    text = f"{ONE}\n{TWO} {THREE}\n{ONE}"
    assert passages(text, size=64, grouping="section") == [ONE, f"{TWO} {THREE}", ONE]


def test_by_section_a_paragraph_goes_with_the_rest_of_one_too_long() -> None:
    text = f"{ONE} {TWO} {THREE}\n{ONE}"
    assert passages(text, size=45, grouping="section") == [f"{ONE} {TWO}", f"{THREE}\n{ONE}"]


def test_by_section_a_heading_begins_a_passage() -> None:
    text = f"{ONE}\nMängel\n{TWO}\n{THREE}"
    assert passages(text, grouping="section") == [ONE, f"Mängel\n{TWO}\n{THREE}"]


def test_by_section_a_lead_in_stays_with_what_follows() -> None:
    text = f"{ONE} {TWO}\nEs gab Mängel:\n{THREE}"
    assert passages(text, size=60, grouping="section") == [f"{ONE} {TWO}", f"Es gab Mängel:\n{THREE}"]


def test_by_section_an_overlap_goes_over_paragraphs_but_not_over_headings() -> None:
    text = f"{ONE} {TWO}\n{THREE}\nMängel\n{ONE}"
    assert passages(text, size=45, overlap=25, grouping="section") == [
        f"{ONE} {TWO}",
        f"{TWO}\n{THREE}",
        f"Mängel\n{ONE}",
    ]


def test_by_section_an_overlap_takes_no_room_from_a_paragraph() -> None:
    text = f"{ONE}\n{TWO} {THREE}"
    assert passages(text, size=50, overlap=25, grouping="section") == [ONE, f"{TWO} {THREE}"]


def test_an_empty_text_has_no_sentences_and_passages() -> None:
    assert split_document("") == ([], [])


@settings(deadline=None)
@given(TEXTS, CHUNKINGS)
def test_every_character_is_in_a_sentence_and_every_sentence_in_a_passage(
    text: str, chunking: Chunking
) -> None:
    sentences, split = split_document(text, chunking)
    spans = "".join(text[s.start : s.end] for s in sentences)
    assert "".join(spans.split()) == "".join(text.split())
    assert {n for p in split for n in range(p.first_sentence, p.last_sentence + 1)} == set(
        range(len(sentences))
    )


@settings(deadline=None)
@given(TEXTS, CHUNKINGS)
def test_sentences_and_passages_are_in_order_and_begin_and_end_together(
    text: str, chunking: Chunking
) -> None:
    sentences, split = split_document(text, chunking)
    assert all(s.start < s.end for s in sentences)
    assert all(one.end <= two.start for one, two in itertools.pairwise(sentences))
    for passage in split:
        assert passage.start == sentences[passage.first_sentence].start
        assert passage.end == sentences[passage.last_sentence].end
    pairs = list(itertools.pairwise(split))
    assert all(a.first_sentence < b.first_sentence and a.last_sentence < b.last_sentence for a, b in pairs)
    again = [sentences[two.first_sentence : one.last_sentence + 1] for one, two in pairs]
    assert all(sum(s.end - s.start + 1 for s in shared) <= chunking.overlap for shared in again)
    if chunking.overlap == 0:
        assert all(one.last_sentence + 1 == two.first_sentence for one, two in pairs)


@settings(deadline=None)
@given(TEXTS, CHUNKINGS)
def test_only_a_single_sentence_makes_a_passage_longer_than_its_size(text: str, chunking: Chunking) -> None:
    for passage in split_document(text, chunking)[1]:
        alone = passage.first_sentence == passage.last_sentence
        assert passage.end - passage.start <= (MAX_SENTENCE_LENGTH if alone else chunking.size)


@settings(deadline=None)
@given(TEXTS)
def test_a_line_break_inside_a_passage_comes_after_a_heading_or_a_lead_in(text: str) -> None:
    sentences, split = split_document(text)
    for passage in split:
        inside = sentences[passage.first_sentence : passage.last_sentence + 1]
        for one, two in itertools.pairwise(inside):
            if "\n" in text[one.end : two.start]:
                assert one.is_heading or text[one.end - 1] == ":"


@settings(deadline=None)
@given(TEXTS)
def test_by_section_no_heading_comes_after_a_statement(text: str) -> None:
    sentences, split = split_document(text, Chunking(grouping="section"))
    for passage in split:
        inside = sentences[passage.first_sentence : passage.last_sentence + 1]
        for one, two in itertools.pairwise(inside):
            if two.is_heading:
                assert one.is_heading or text[one.end - 1] == ":"


@pytest.mark.parametrize("length", [MAX_SENTENCE_LENGTH - 1, MAX_SENTENCE_LENGTH])
def test_a_sentence_within_the_limit_is_not_divided(length: int) -> None:
    text = "Wort " * (length // 5)
    assert len(split_document(text.strip())[0]) == 1


def test_a_sentence_over_the_limit_is_divided_after_a_semicolon() -> None:
    item = "ein Punkt der langen Liste, die kein Ende hat; "
    sentences, split = split_document((item * 100).strip())
    text = (item * 100).strip()
    assert len(sentences) == len(split) == 3
    assert all(text[s.start : s.end].endswith("hat;") for s in sentences)
    assert " ".join(text[s.start : s.end] for s in sentences) == text


def test_a_long_sentence_without_separators_is_divided() -> None:
    text = "x" * 3000 + " " + "Wort, " * 600 + "y" * 5000
    sentences, _ = split_document(text)
    assert all(s.end - s.start <= MAX_SENTENCE_LENGTH for s in sentences)
    assert not any(s.is_heading for s in sentences)
    assert "".join(text[s.start : s.end] for s in sentences).replace(" ", "") == text.replace(" ", "")


def test_a_line_without_spaces_is_divided_fast() -> None:
    started = time.perf_counter()
    sentences, _ = split_document("x" * 300_000)
    assert len(sentences) >= 300_000 // MAX_SENTENCE_LENGTH
    assert time.perf_counter() - started < 10


def test_more_sentences_than_the_grouper_can_count_are_all_there() -> None:
    text = " ".join(["Ja."] * 70_000)
    sentences, split = split_document(text, Chunking(4000))
    assert len(sentences) == 70_000
    assert split[-1].last_sentence == 69_999


def test_no_sentence_of_the_reports_is_divided(reports: Path) -> None:
    for path in reports.glob("*.txt"):
        text = clean(path.read_text("utf-8"))
        sentences, split = split_document(text)
        assert [(s.start, s.end) for s in sentences] == [(s.start, s.end) for s in split_sentences(text)]
        assert all(p.end - p.start <= 1200 for p in split)
