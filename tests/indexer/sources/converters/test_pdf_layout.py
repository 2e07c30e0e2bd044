"""Layout of the pages of a PDF."""

from indexer.sources.converters.pdf_layout import (
    Line,
    Page,
    in_reading_order,
    paragraphs,
    without_running_titles,
)

WIDTH, HEIGHT = 600.0, 800.0


def line(text: str, baseline: float, *, left: float = 50.0, right: float = 550.0, size: float = 10.0) -> Line:
    return Line(text, left, right, baseline, size)


def test_columns_are_read_one_after_the_other() -> None:
    left = [line(f"links {n}", 700.0 - 12 * n, right=280.0) for n in range(6)]
    right = [line(f"rechts {n}", 700.0 - 12 * n, left=320.0) for n in range(6)]
    rows = [column for pair in zip(left, right, strict=True) for column in pair]
    assert in_reading_order(rows, WIDTH) == left + right


def test_a_line_over_both_columns_stays_between_what_is_above_and_below_it() -> None:
    left = [line(f"links {n}", 700.0 - 12 * n, right=280.0) for n in range(8)]
    right = [line(f"rechts {n}", 700.0 - 12 * n, left=320.0) for n in range(8)]
    wide = line("quer", 656.0)
    assert in_reading_order([*left, *right, wide], WIDTH) == [
        *left[:4], *right[:4], wide, *left[4:], *right[4:]
    ]  # fmt: skip


def test_a_page_with_one_column_keeps_its_order() -> None:
    lines = [line(f"Zeile {n}", 700.0 - 12 * n) for n in range(12)]
    assert in_reading_order(lines, WIDTH) == lines


def test_titles_and_page_numbers_in_the_margins_are_removed() -> None:
    bodies = [
        [line("Bericht 2024", 780.0), line(f"Text {n}.", 400.0), line(f"Seite {n}", 20.0)] for n in (1, 2, 3)
    ]
    pages = [Page(lines, WIDTH, HEIGHT) for lines in bodies]
    assert [[one.text for one in lines] for lines in without_running_titles(pages)] == [
        ["Text 1."], ["Text 2."], ["Text 3."]
    ]  # fmt: skip


def test_a_line_that_stands_once_in_a_margin_is_kept() -> None:
    pages = [
        Page([line("Titel", 780.0), line("Text.", 400.0)], WIDTH, HEIGHT),
        Page([line("Text.", 400.0)], WIDTH, HEIGHT),
    ]
    assert [one.text for one in next(without_running_titles(pages))] == ["Titel", "Text."]


def test_lines_are_joined_to_paragraphs_and_hyphenated_words_to_words() -> None:
    lines = [
        line("Die Bildungs- und Gesundheits-", 700.0),
        line("einrichtungen warten.", 688.0),
        line("Ein neuer Absatz.", 660.0),
    ]
    assert list(paragraphs([lines])) == [
        "Die Bildungs- und Gesundheitseinrichtungen warten.",
        "Ein neuer Absatz.",
    ]


def test_large_letters_are_a_heading_and_bullets_are_items() -> None:
    lines = [
        line("Bericht", 700.0, size=18.0),
        line("Ein Satz, der viel länger ist als die Überschrift.", 670.0),
        line("• Netze ausbauen", 658.0),
    ]
    assert list(paragraphs([lines])) == [
        "## Bericht",
        "Ein Satz, der viel länger ist als die Überschrift.",
        "- Netze ausbauen",
    ]


def test_a_sentence_continues_on_the_next_page_after_a_full_line() -> None:
    assert list(paragraphs([[line("Der Satz geht", 60.0)], [line("hier weiter.", 700.0)]])) == [
        "Der Satz geht hier weiter."
    ]
