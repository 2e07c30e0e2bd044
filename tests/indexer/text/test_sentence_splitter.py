"""Sentence boundaries; `|` in a text marks one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.text.sentence_splitter import split_sentences


def assert_split(marked: str) -> None:
    text = marked.replace("|", " ")
    assert [text[span.start : span.end] for span in split_sentences(text)] == marked.split("|")


@pytest.mark.parametrize(
    "marked",
    [
        "Resolution Nr. 57 gilt.|Artikel 6 Abs. 2 S. 1 gilt nach § 3 Abs. 2 S. 1 auch.|Ende.",
        "Er sah z. B. Schulen, d. h. Die Schule.|Das kostet ca. 5 Mio. Euro bzw. 3 Mrd. Dong.|Ende.",
        "Dr. med. Meyer (geb. 1950) wohnt in der Berliner Str. 5.|Frau Prof. Schulze auch.",
        "Under Resolution No. 57, Dr. Smith and J. F. Kennedy agreed.|He said no.|The end.",
        "They met at 5 p.m. in Washington, D.C.|The talks ended.",
        "PGS.TS. Nguyễn Văn A phát biểu tại TP. Hồ Chí Minh.|TP. HCM đạt 1.088 hộ.|Các đại biểu lưu ý.|Hết.",
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(marked: str) -> None:
    assert_split(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Schulen, Märkte usw.|Die Bevölkerung zog mit.",
        "Das war um 300 v. Chr.|Danach kam nichts.",
        "Fragen dieser Art.|Sie sind offen.",
        "Y tế, giáo dục v.v.|Hội nghị kết thúc.",
    ],
)
def test_an_abbreviation_can_end_a_sentence(marked: str) -> None:
    assert_split(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Am 31. Oktober tagte der 14. Provinzparteitag.|Der XIII. Parteitag war früher.",
        "Die Ziele der 19. Amtszeit des 12. Zentralkomitees (15. August) gelten vom 3.–5. Mai.|Ende.",
        "Am 3. 5. 2024 begann es.|2025 endete es.",
    ],
)
def test_a_german_ordinal_does_not_end_a_sentence(marked: str) -> None:
    assert_split(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Die Vision reicht bis 2045.|Behörden und Einheiten handeln.",
        "Umgesetzt wird die Resolution Nr. 57.|Parteikomitees sind zuständig.",
        "Es waren 1.088.|Gemeinden halfen mit 3,5.|Mehr nicht.",
        "The goal is set by Resolution No. 57.|Provincial committees act.",
        "Mục tiêu tại Nghị quyết số 57.|Cấp ủy các cấp triển khai Đại hội XIII.|Ban Chấp hành họp.",
    ],
)
def test_a_number_can_end_a_sentence(marked: str) -> None:
    assert_split(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "1. Die Partei stärken.|2. Die Jugend fördern.",
        "a) Der Rat handelt.|b) Die Stadt hilft.|(c) Das Dorf auch.",
        "IV. Aufgaben und Lösungen",
        "4.2. Ist Vorkasse vereinbart, gilt dies.",
        "§ 7. Zahlungsbedingungen",
        "• 3. Seien Sie achtsam!",
        "Điều 5. Phạm vi điều chỉnh",
        "Drei Schritte: 1. Die Partei stärken; 2. Die Jugend fördern.|Ende.",
    ],
)
def test_a_list_marker_stays_with_its_item(marked: str) -> None:
    assert_split(marked)


def test_an_enumeration_after_a_colon_stays_one_sentence() -> None:
    assert_split("Anwesend waren: Le Minh Hung, Mitglied; Hau A Lenh, Sekretär; sowie Gäste.|Ende.")


@pytest.mark.parametrize(
    "marked",
    [
        "„Wir schaffen das.“|Er sagte: „Gut!“|Dann ging er.",
        "„Was nun?“, fragte er.|„Wie?“ fragte sie.|(Das war alles.)|Ende.",
        'He said: "We agree."|She left.',
        "So steht es im Bericht.[12]|Das gilt.",
        'Ông nói: "Rất tốt. "|Bà đồng ý.',
    ],
)
def test_closing_quotes_brackets_and_footnotes_belong_to_the_sentence(marked: str) -> None:
    assert_split(marked)


def test_an_ellipsis_ends_a_sentence_only_before_a_new_one() -> None:
    assert_split("Er zögerte…|Dann sprach er von der […] Lage und … weiter.|Ende.")


def test_a_full_stop_after_white_space_ends_a_sentence() -> None:
    assert_split("Alle nutzten die Resolutionen .|Die Bevölkerung , die Kader usw. , alle .|Ende.")


def test_a_sentence_can_end_without_a_space_but_not_inside_an_address() -> None:
    text = "Es wurde gezeigt.In Hanoi half www.Foo.de und max.Muster@foo.de betr.Haushalt."
    assert [text[span.start : span.end] for span in split_sentences(text)] == [text[:17], text[17:]]


def test_a_line_break_ends_a_sentence_and_surrounding_space_is_left_out() -> None:
    text = "  Überschrift ohne Punkt\r\n\n\u00a0Ein Satz\nüber zwei Zeilen. \n"
    assert [text[span.start : span.end] for span in split_sentences(text)] == [
        "Überschrift ohne Punkt",
        "Ein Satz",
        "über zwei Zeilen.",
    ]


def test_offsets_count_code_points() -> None:
    text = "😀 Gut so.\u00a0Ha\u0300 Giang half. 👍🏽"
    assert [(span.start, span.end) for span in split_sentences(text)] == [(0, 9), (10, 25), (26, 28)]


@pytest.mark.parametrize("unit", ["a", "wort ", ".", ". ", "1. ", ".[1", '." ', "😀"])
def test_half_a_megabyte_without_a_sentence_is_one_span_in_linear_time(unit: str) -> None:
    text = (unit * (500_000 // len(unit))).strip()
    began = time.process_time()
    assert [(span.start, span.end) for span in split_sentences(text)] == [(0, len(text))]
    assert time.process_time() - began < 10  # quadratic would take hours


SNIPPETS = [*".( )\n\u00a0😀", "a\u0300", "Nr. 57", "z. B. ", "1. ", "Satz. ", "„Ja!“ ", "… ", "Die "]


@given(st.text() | st.lists(st.sampled_from(SNIPPETS) | st.characters()).map("".join))
def test_spans_are_ordered_trimmed_and_cover_everything_but_white_space(text: str) -> None:
    spans = split_sentences(text)
    position = 0
    for span in spans:
        assert position <= span.start < span.end
        assert not text[position : span.start].strip()
        sentence = text[span.start : span.end]
        assert sentence == sentence.strip() and "\n" not in sentence
        position = span.end
    assert not text[position:].strip()
