"""The time that texts take, whatever they say: twice the text takes about twice the time."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.analysis.analyzer import document_terms
from indexer.analysis.concepts import find_concepts
from indexer.analysis.diacritics import restore_diacritics
from indexer.analysis.language_detection import detect_language
from indexer.annotation.aspect_classifier import cue_features
from indexer.annotation.aspects import last_named_aspects, named_aspects
from indexer.annotation.reference_topics import title_after
from indexer.documents import RawDocument, Sentence
from indexer.entities.dates import find_days, find_periods, first_date
from indexer.entities.persons import find_persons
from indexer.entities.places import find_places, place_of_document
from indexer.entities.references import find_references
from indexer.preprocessing.chunking import split_document
from indexer.preprocessing.cleaning import clean, headings
from indexer.preprocessing.metadata import to_document
from indexer.text.sentence_splitter import split_sentences


def document(text: str, media_type: str = "text/plain") -> RawDocument:
    return RawDocument("a", Path("a"), f"Ein Satz.\n\n{text}", media_type)


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "clean": clean,
    "clean Markdown": lambda text: clean(text, "text/markdown"),
    "headings": lambda text: headings(text, ""),
    "to_document": lambda text: to_document(document(text)),
    "to_document Markdown": lambda text: to_document(document(text, "text/markdown")),
    "split_sentences": split_sentences,
    "split_document": split_document,
    "find_references": find_references,
    "find_periods": find_periods,
    "find_days": find_days,
    "first_date": first_date,
    "find_places": find_places,
    "place_of_document": place_of_document,
    "find_persons": find_persons,
    "document_terms": lambda text: document_terms(text, "vi"),
    "detect_language": detect_language,
    "restore_diacritics": restore_diacritics,
    "find_concepts": lambda text: find_concepts(text, "vi"),
    "named_aspects": named_aspects,
    "last_named_aspects": last_named_aspects,
    "cue_features": lambda text: cue_features(text, [Sentence(0, len(text))]),
    "title_after": lambda text: title_after(text, 0),
}
#: Pieces that the patterns begin with and then look far for a continuation.
PIECES = [
    "[", "![", "](", "[a](", "[a](b ", '[a](b "', "[[](", "<!--", "<!-- -", "Quelle", "Quelle ",
    "Quelle: http://", " ", "\t", "\n", "a", "A ", "1", "1 ", "1.", "1/", ".", "…", "#", "# a #\n",
    "**a", "_", "- ", "-\n", "> ", "|", '"', '."', "„a", "(", "Resolution ", "Resolution 57, ", "57, ",
    "57-NQ/TW ", "NQ 57 ", "ngày 1 tháng ", "1. Mai ", "2024 ", "quý ", "Provinz ", "Huế, ",
    "Nguyễn Thị ", "Am Nachmittag des ", " - foto: ", "trotz ", "Mängel ", "nahm ", "um Mängel ",
    "schlug ", "A. B. ", "a-\na", "a: ", "a; ", "\u0300", "\u00ad", "\u200c", "\x1b", "\ud800",
]  # fmt: skip
#: What a pattern may begin with before a long run of one piece.
OPENINGS = ("Quelle", "[a](", '[a](b "', "1 ", "Mai ", "Am ", "Resolution Nr.", "# ")
RUNS = (" ", "\t", "\n", ".", "-", "1", "a", "a ", "(", "\u00a0")
TEXTS = [("", piece) for piece in PIECES] + [(opening, run) for opening in OPENINGS for run in RUNS]
#: Characters that are measured where a text looks slow, and those with which every text is tried first.
LENGTHS, FIRST = (50_000, 100_000, 200_000), 25_000
#: by hand: a text is measured if it takes so many times as long as an ordinary one, and is slow if twice the
#: text takes so many times as long: linear is 2, quadratic 4.
SUSPICIOUS, MARGIN = 5.0, 3.0
#: by hand: seconds of processor time below which the clock decides, and beyond which no more is measured.
NOISE, ENOUGH = 0.1, 10.0
ORDINARY = "Die Arbeitsgruppe besuchte am 3. Mai 2024 zwölf Gemeinden in Huế; Resolution 57 galt dort. "


def seconds(function: Callable[[str], object], opening: str, piece: str, length: int) -> float:
    """Processor time for a text of repeated pieces; the last word keeps patterns from matching to the end."""
    text = opening + (piece * (length // len(piece) + 1))[:length] + " Xaver"
    start = time.process_time()
    function(text)
    return time.process_time() - start


def is_slow(function: Callable[[str], object], opening: str, piece: str) -> bool:
    """True if the time grows faster than the text at every step of its length."""
    before = seconds(function, opening, piece, LENGTHS[0])
    for length in LENGTHS[1:]:
        if before > ENOUGH:
            return True
        # The faster of two: something else may have had the processor.
        after = min(seconds(function, opening, piece, length) for _ in range(2))
        if after <= max(MARGIN * before, NOISE):
            return False
        before = after
    return True


@pytest.mark.parametrize("name", FUNCTIONS)
def test_time_grows_linearly_with_the_text(name: str) -> None:
    function = FUNCTIONS[name]
    function("Ein Satz.")  # loads its tables
    limit = max(SUSPICIOUS * seconds(function, "", ORDINARY, FIRST), NOISE)
    suspicious = [text for text in TEXTS if seconds(function, *text, FIRST) > limit]
    assert not [text for text in suspicious if is_slow(function, *text)]
