"""Cleaning of raw text."""

import re
import time
import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.preprocessing.cleaning import clean, headings

SENTENCE = "Die Konferenz fand am Morgen statt."
#: Lines as pages and Markdown files have them, so that the rules are met and not only letters.
LINES = st.sampled_from(
    [
        SENTENCE,
        "Kommentar (0)",
        "[Anzeige_2]",
        "Quelle",
        "Quelle: https://example.vn/a_b",
        "Truc Phuong",
        "Konferenzszene - Foto: TP",
        "14:34, 17.03.2025",
        "## Ergebnisse ##",
        "- **Punkt** eins",
        "> [Verweis](https://example.vn) und `Code`",
        "[![Bild](a.png)](b.html)",
        "---",
        "",
    ]
)
TEXTS = st.lists(st.one_of(LINES, st.text(max_size=40))).map("\n".join)


def is_subsequence(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)


def without_space(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.sampled_from(["text/plain", "text/markdown", "application/json"]))
@example("a\x1fb\u2028c\r\nd", "text/plain")
def test_cleaning_only_removes(text: str, media_type: str) -> None:
    assert is_subsequence(without_space(clean(text, media_type)), without_space(text))


@given(TEXTS)
def test_every_line_of_plain_text_is_in_the_file_with_white_space_folded(text: str) -> None:
    visible = "".join(
        " " if letter.isspace() else letter
        for letter in text
        if letter.isspace()
        or letter in "\u200c\u200d"
        or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    )
    folded = " ".join(visible.split())
    assert all(" ".join(line.split()) in folded for line in clean(text).split("\n"))


@given(TEXTS, st.sampled_from(["text/plain", "text/markdown"]))
def test_canonical_text_has_no_empty_lines_and_no_odd_space(text: str, media_type: str) -> None:
    lines = clean(text, media_type).split("\n")
    assert lines == [""] or all(line and line == " ".join(line.split()) for line in lines)


@given(TEXTS)
def test_headings_are_lines_of_the_canonical_text(text: str) -> None:
    canonical = clean(text, "text/markdown")
    assert set(headings(text, canonical)) <= set(canonical.split("\n"))


@pytest.mark.parametrize(
    "line",
    [
        "Kommentar (0)",
        "Kommentare (12)",
        "Comments (3)",
        "Bình luận (0)",
        unicodedata.normalize("NFD", "Bình luận (0)"),
        "[Anzeige_2]",
        "[Quảng cáo]",
        "Quelle",
        "Quelle:",
        "Nguồn: https://baohagiang.vn/a",
        "Quelle: https://baoquangtri.vn/hoi-thao-189385.htm",
        "https://baohagiang.vn/a",
        "www.baohagiang.vn",
        "Konferenzszene - Foto: TP",
        "Blick in den Saal (Foto: Van Nghi)",
        "Foto: TP",
        "Hội nghị – Ảnh: Văn Nghị",
        "Genosse Hau A Lenh spricht auf der Arbeitssitzung. |",
        "14:34, 17.03.2025",
        "17.03.2025 14:34",
        "17/03/2025",
        "Neuigkeiten und Fotos: VAN NGHI",
        "Text und Bilder: Truc Phuong",
        "Tin, ảnh: Văn Nghị",
        "  Kommentar\t(0)  ",
    ],
)
def test_a_line_of_boilerplate_is_removed(line: str) -> None:
    assert clean(f"{SENTENCE}\n{line}\n{SENTENCE}") == f"{SENTENCE}\n{SENTENCE}"


@pytest.mark.parametrize(
    "line",
    [
        "Der Kommentar (0) stand im Bericht.",
        "Die Anzeige kam zu spät: [Anzeige_2] stand darin.",
        "Die Quelle der Mittel ist der Haushalt.",
        "Quelle der Mittel: Haushalt.",
        "Mehr unter https://baohagiang.vn/a in der Provinz.",
        "Auf dem Foto: der Saal und die Teilnehmer der Konferenz.",
        "Die Konferenz (Fotos: TP) endete um 12 Uhr.",
        "Um 14:34, 17.03.2025 begann die Sitzung.",
        "Bericht: Die Umsetzung ist noch langsam.",
        "Bericht: 98 % der Ziele erreicht",
        "Text: Resolution 57",
        "Truc Phuong",
        "A | B | C",
        "| 57 | 98 % |",
        "2024",
        "57",
    ],
)
def test_an_ordinary_line_with_such_words_is_kept(line: str) -> None:
    assert clean(f"{SENTENCE}\n{line}\n{SENTENCE}") == f"{SENTENCE}\n{line}\n{SENTENCE}"


@pytest.mark.parametrize("name", ["Truc Phuong", "VAN NGHI", "Nguyễn Thị Minh Châu", "Văn Nghị"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_authors_name_right_before_the_source_is_removed(name: str, form: Literal["NFC", "NFD"]) -> None:
    line = unicodedata.normalize(form, name)
    assert clean(f"{SENTENCE}\n{line}\n[Anzeige_2]\nQuelle: https://a.vn\nKommentar (0)") == SENTENCE


@pytest.mark.parametrize("last", ["Das Ende.", "ein Ende", "Ende", "Über uns und andere mehr als vier"])
def test_a_last_line_that_is_not_a_name_is_kept_before_the_source(last: str) -> None:
    assert clean(f"{SENTENCE}\n{last}\nQuelle\n\n\n\nKommentar (0)") == f"{SENTENCE}\n{last}"


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("# Ergebnisse", "Ergebnisse"),
        ("## Ergebnisse ##", "Ergebnisse"),
        ("## Programme in C#", "Programme in C#"),
        ("Ein **wichtiger** und *guter* Satz.", "Ein wichtiger und guter Satz."),
        ("Ein __wichtiger__ und _guter_ Satz mit `Code`.", "Ein wichtiger und guter Satz mit Code."),
        ("Der Name snake_case und 5 * 3 bleiben.", "Der Name snake_case und 5 * 3 bleiben."),
        ("Siehe [Resolution 57](https://a.vn/57).", "Siehe Resolution 57."),
        ("![Saal](saal.png)", "Saal"),
        ("[![Saal](saal.png)](saal.html)", "Saal"),
        ('Siehe [hier](a.html "Titel").', "Siehe hier."),
        ("- eins\n* zwei\n+ drei", "eins\nzwei\ndrei"),
        ("> Zitat\n> geht weiter.", "Zitat\ngeht weiter."),
        ("Eine Zeile\ngeht weiter.", "Eine Zeile geht weiter."),
        ("Eine Zeile\n\nNoch eine.", "Eine Zeile\nNoch eine."),
        ("Titel\n=====\nText.", "Titel\nText."),
        ("Davor\n***\nDanach", "Davor\nDanach"),
        ("Davor <!-- nicht\nzu sehen --> danach.", "Davor danach."),
        ("| A | B |\n|---|---|\n| 1 | 2 |", "| A | B |\n|---|---|\n| 1 | 2 |"),
    ],
)
def test_markdown_loses_its_markup_and_keeps_its_words(marked: str, plain: str) -> None:
    assert clean(marked, "text/markdown") == plain


def test_plain_text_keeps_what_markdown_would_lose() -> None:
    text = "# Ein *Satz* mit [Verweis](a)\n- Punkt"
    assert clean(text) == text


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("Reso\xadlution", "Resolution"),
        ("\ufeffReso\u200blution\u200e", "Resolution"),
        ("Reso\x00\x07lution\x7f", "Resolution"),
        ("Reso\ud800lution", "Resolution"),
        ("a\t b\xa0 \u2009c\u3000d", "a b c d"),
        ("eins\r\nzwei\rdrei\u2028vier\x0bfünf", "eins\nzwei\ndrei\nvier\nfünf"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("\u200d\u200c \xad", ""),
        ("undgesellschaftspolitische Dienst , 2024", "undgesellschaftspolitische Dienst , 2024"),
        (unicodedata.normalize("NFD", "Hà Giang"), unicodedata.normalize("NFD", "Hà Giang")),
    ],
)
def test_white_space_is_folded_and_invisible_characters_are_removed(raw: str, canonical: str) -> None:
    assert clean(raw) == canonical


def test_a_text_of_boilerplate_is_empty() -> None:
    assert clean("14:34, 17.03.2025\n\nQuelle\nKommentar (0)") == ""


def test_headings_are_without_markup() -> None:
    text = "# Ein *Titel* #\n<!--\n# Versteckt\n-->\n# Kommentar (0)\n\nText\n## Zwei"
    assert headings(text, clean(text, "text/markdown")) == ["Ein Titel", "Zwei"]


@pytest.mark.parametrize(
    "text",
    [
        "# a" + " " * 20_000 + "b",
        "[" * 20_000,
        "> " * 20_000 + "x",
        "- " * 20_000 + "x",
        "Zeile\n" * 50_000,
        "Truc Phuong\n" * 50_000,
        "Truc Phuong\nQuelle\n" * 25_000,
    ],
    ids=["heading", "links", "quotations", "rule", "lines", "names", "names and sources"],
)
def test_cleaning_takes_linear_time(text: str) -> None:
    started = time.perf_counter()
    clean(text, "text/markdown")
    clean(text)
    assert time.perf_counter() - started < 5


def test_the_reports_lose_only_boilerplate(reports: Path) -> None:
    for path in sorted(reports.glob("*.txt")):
        raw = path.read_text("utf-8")
        lines = clean(raw).split("\n")
        lost = [line for line in (" ".join(line.split()) for line in raw.split("\n")) if line not in lines]
        assert all(len(line) < 200 for line in lost), lost
        assert not any("Quelle" in line or "Kommentar" in line or "Anzeige_" in line for line in lines)
        assert lines[-1].endswith("."), lines[-1]


LINK = re.compile(r"!?\[([^\[\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")


@given(st.text(st.sampled_from('![]()" ab\t'), max_size=40))
@example("[a](b[c)d](e)")
@example('[a](b "c) [d](e "f")')
def test_links_are_removed_as_by_the_plain_pattern(text: str) -> None:
    expected = LINK.sub(r"\1", LINK.sub(r"\1", text))
    assert without_space(clean(f"x {text} x", "text/markdown")) == f"x{without_space(expected)}x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a<!-- b -->c", "a c"),
        ("a<!-->-->c", "a c"),
        ("a<!-- b --><!-- c", "a <!-- c"),
        ("a<!-- b\n\n-->c-->", "a c-->"),
    ],
)
def test_comments_that_are_closed_are_removed(text: str, expected: str) -> None:
    assert clean(text, "text/markdown") == expected
