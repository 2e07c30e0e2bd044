"""References that sentences are about: by mention, by what follows it, by title, and as stored."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from indexer.annotation.reference_attribution import (
    DOCUMENT_STRENGTH,
    AttributionWeights,
    ReferenceAttribution,
    attribute_references,
)
from indexer.annotation.reference_topics import Topics, title_after, topic_stems
from indexer.documents import RawDocument
from indexer.errors import IndexDamagedError
from indexer.index.generation import open_generation
from indexer.preprocessing.chunking import split_document
from indexer.preprocessing.metadata import to_document

#: Sentences before any reference, so that the document does not open with one.
BEFORE = "Der Bericht umfasst vier Teile.\nDrei davon sind lang.\n"


def about(text: str, key: str, weights: AttributionWeights | None = None) -> dict[str, float]:
    """Strengths of the sentences of a text that are above the one of its document."""
    document = to_document(RawDocument("a.txt", Path("a.txt"), text))
    sentences, _ = split_document(document.text)
    texts = [document.text[sentence.start : sentence.end] for sentence in sentences]
    titles = [
        (reference.key, title_after(document.text, reference.end), document.language)
        for reference in document.references
    ]
    stems = [topic_stems(sentence, document.language) for sentence in texts]
    topics = Topics.build(titles, stems)
    return {
        texts[number]: pytest.approx(strength)
        for number, found, strength in attribute_references(
            document, sentences, stems, topics, weights or AttributionWeights()
        )
        if found == key
    }


def test_a_sentence_is_about_the_reference_it_names() -> None:
    assert about(f"{BEFORE}Die Resolution 18 gilt.", "NQ-18") == {"Die Resolution 18 gilt.": 1}


def test_a_mention_decays_sentence_by_sentence() -> None:
    text = (
        f"{BEFORE}Bei der Umsetzung der Resolution 18 half die Provinz. Die Umsetzung erfolgte rasch. "
        "Viele Dörfer warten noch. Der Regen hielt lange an. Das Dach blieb rot."
    )
    assert about(text, "NQ-18") == {
        "Bei der Umsetzung der Resolution 18 half die Provinz.": 1,
        "Die Umsetzung erfolgte rasch.": 0.85,
        "Viele Dörfer warten noch.": 0.85 * 0.65,
        "Der Regen hielt lange an.": 0.85 * 0.65 * 0.65,
    }


def test_a_sentence_on_a_new_matter_keeps_little_of_an_earlier_mention() -> None:
    text = f"{BEFORE}Die Resolution 18 gilt. Im Hinblick auf Dörfer fehlt Geld."
    assert about(text, "NQ-18")["Im Hinblick auf Dörfer fehlt Geld."] == 0.4


def test_a_competing_reference_takes_most_of_the_strength() -> None:
    text = f"{BEFORE}Die Resolution 18 gilt. Die Resolution 57 folgt. Sie ist neu."
    assert about(text, "NQ-18") == {"Die Resolution 18 gilt.": 1}
    assert about(text, "NQ-57") == {"Die Resolution 57 folgt.": 1, "Sie ist neu.": 0.85}


def test_two_references_named_together_both_count() -> None:
    text = f"{BEFORE}Die Resolution 18 und die Resolution 57 gelten. Sie sind neu."
    assert about(text, "NQ-18") == about(text, "NQ-57")
    assert about(text, "NQ-18")["Sie sind neu."] == 0.85


def test_a_new_paragraph_ends_a_mention() -> None:
    assert len(about(f"{BEFORE}Die Resolution 18 gilt.\nViele Dörfer warten.", "NQ-18")) == 1


def test_a_new_paragraph_with_a_connective_continues_a_mention() -> None:
    text = f"{BEFORE}Die Resolution 18 gilt.\nEs bestehen jedoch Mängel."
    assert about(text, "NQ-18")["Es bestehen jedoch Mängel."] == 0.8


def test_a_document_that_opens_with_a_reference_is_about_it_throughout() -> None:
    text = "Die Resolution 18 wurde geprüft.\nDas Haus steht am Fluss.\nDas Dach ist rot."
    assert list(about(text, "NQ-18").values()) == [1, 0.5, 0.5]


def test_a_reference_among_many_is_not_the_main_one() -> None:
    text = "Die Resolution 57 ist neu.\n" + "Die Resolution 18 gilt.\nDas Dach ist rot.\n" * 4
    assert list(about(text, "NQ-57").values()) == [1]


def test_a_sentence_that_uses_the_words_of_a_title_is_about_its_reference() -> None:
    text = (
        f"{BEFORE}Die Resolution Nr. 57 des Politbüros über Durchbrüche bei Wissenschaft, Technologie und "
        "digitaler Transformation liegt vor.\nDie Resolution Nr. 18 zur Straffung des Apparats liegt vor.\n"
        "Das Haus steht.\nWissenschaft, Technologie und digitale Transformation brauchen Zeit."
    )
    texts = about(text, "NQ-57")
    assert texts["Wissenschaft, Technologie und digitale Transformation brauchen Zeit."] == 0.7
    assert "Das Haus steht." not in texts


def test_a_document_without_references_is_about_none() -> None:
    assert about(f"{BEFORE}Das Haus steht.", "NQ-57") == {}


def test_weights_are_an_argument() -> None:
    text = f"{BEFORE}Die Resolution 18 gilt. Der Regen hielt an."
    weights = AttributionWeights(unlinked=0.9)
    assert about(text, "NQ-18", weights)["Der Regen hielt an."] == 0.9


# Titles


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Resolution 57| über Wissenschaft und Technologie.", " Wissenschaft und Technologie"),
        (
            "Resolution 57|-NQ/TW des Politbüros zu Durchbrüchen der Forschung ist neu.",
            " Durchbrüchen der Forschung ",
        ),
        ("Resolution 57| of the Politburo on science and technology was read", " science and technology "),
        ("Nghị quyết số 57| của Bộ Chính trị về khoa học và công nghệ.", " khoa học và công nghệ"),
        ("Resolution 57| gilt.", ""),
        ("Plan 9| zur Umsetzung der Resolution 57", ""),
        ("Resolution 57| zur Digitalisierung\nDie Provinz Hà Giang", " Digitalisierung"),
        ("Resolution 57|\n„Das Dach ist rot“, sagte sie", ""),
        ("Resolution 57|", ""),
        ("Resolution 57|" + " " * 100_000, ""),
        ("Resolution 57|" + " des" * 25_000, ""),
    ],
)
def test_a_title_follows_the_mention_and_ends_with_its_line_or_at_the_verb(text: str, title: str) -> None:
    mention, after = text.split("|")
    assert title_after(mention + after, len(mention)) == title


# As stored

ROWS = [(4, "NQ-57", 1.0), (1, "NQ-18", 0.5), (5, "NQ-57", 0.85), (4, "NQ-18", 0.4)]


def assert_attributed(
    attribution: ReferenceAttribution, key: str, sentences: Sequence[int], strengths: Sequence[float]
) -> None:
    found = attribution.sentences_of_reference(key)
    assert found[0].tolist() == sentences
    np.testing.assert_allclose(found[1], strengths, rtol=1e-6)


def test_sentences_of_a_reference_are_found_before_and_after_saving(tmp_path: Path) -> None:
    keys = ["NQ-57", "KL-1", "NQ-18", "NQ-57"]
    built = ReferenceAttribution.build(ROWS, keys)
    built.save(tmp_path / "scope.npy")
    for attribution in (built, ReferenceAttribution.open(tmp_path / "scope.npy", keys)):
        assert len(attribution) == 4
        assert_attributed(attribution, "NQ-57", [4, 5], [1, 0.85])
        assert_attributed(attribution, "NQ-18", [1, 4], [0.5, 0.4])
        assert_attributed(attribution, "KL-1", [], [])


def test_a_reference_that_no_document_names_has_no_sentences() -> None:
    assert_attributed(ReferenceAttribution.build(ROWS, ["NQ-57", "NQ-18"]), "NQ-99", [], [])


def test_documents_without_references_have_an_empty_attribution(tmp_path: Path) -> None:
    ReferenceAttribution.build([], []).save(tmp_path / "scope.npy")
    assert_attributed(ReferenceAttribution.open(tmp_path / "scope.npy", []), "NQ-57", [], [])


@pytest.mark.parametrize("data", [None, b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "scope.npy").write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"^scope\.npy: not a readable array \("):
        ReferenceAttribution.open(tmp_path / "scope.npy", ["NQ-57"])


STORED = np.array([(0, 1, 0.5), (1, 4, 1.0)], [("key", "<i4"), ("sentence", "<i4"), ("strength", "<f4")])


@pytest.mark.parametrize(
    "stored",
    [
        np.zeros(3, np.float32),
        STORED.reshape(2, 1),
        STORED[::-1],
        np.array([(-1, 1, 0.5)], STORED.dtype),
        np.array([(2, 1, 0.5)], STORED.dtype),
    ],
    ids=["numbers", "turned", "out of order", "a key before the first", "a key after the last"],
)
def test_a_file_of_other_documents_is_named(tmp_path: Path, stored: np.ndarray) -> None:
    np.save(tmp_path / "scope.npy", stored)
    with pytest.raises(IndexDamagedError, match=r"^scope\.npy: not the attribution of these documents$"):
        ReferenceAttribution.open(tmp_path / "scope.npy", ["NQ-18", "NQ-57"])


@pytest.mark.parametrize(
    ("begins", "key"),
    [
        ("Zu den Mängeln und Schwierigkeiten bei der Umsetzung der Resolution Nr. 57-NQ/TW", "NQ-57"),
        ("Für die Resolution Nr. 57-NQ/TW wurde außerdem festgestellt", "NQ-57"),
        # By the words of its title, a paragraph before its number; in a sentence after its number.
        ("Die digitale Transformation und die Innovationen in Bildung", "NQ-57"),
        ("Mechanismen für digitale Transformation und Forschung", "NQ-57"),
        ("Den Nachahmerbewegungen, vor allem der", "NQ-25"),
    ],
)
def test_a_build_stores_the_references_of_sentences(built_index: Path, begins: str, key: str) -> None:
    assert begins in " | ".join(texts_about(built_index, key))


def test_a_build_stores_no_reference_for_sentences_about_another(built_index: Path) -> None:
    texts = " | ".join(texts_about(built_index, "NQ-57"))
    assert "Manche Einheiten setzten die Resolution Nr. 18" not in texts
    assert "Massenmobilisierung" not in texts


def texts_about(index: Path, key: str) -> list[str]:
    with closing(open_generation(index)) as generation:
        sentences, strengths = generation.attribution.sentences_of_reference(key)
        assert (strengths > DOCUMENT_STRENGTH).all()
        spans = generation.sentences
        return [
            generation.store.document(int(spans.document[n])).text[spans.start[n] : spans.end[n]]
            for n in sentences
        ]
