"""Which acts a sentence is about: by mention, by what goes on from it, by title, and as stored."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from indexer.annotation.reference_attribution import (
    DOCUMENT_STRENGTH,
    ReferenceAttribution,
    attribute_references,
)
from indexer.annotation.reference_topics import Topics, title_after, topic_stems
from indexer.documents import RawDocument
from indexer.errors import IndexDamagedError
from indexer.index.generation import open_generation
from indexer.preprocessing.chunking import split_document
from indexer.preprocessing.metadata import to_document

#: Sentences before any act, so that the document opens with none.
BEFORE = "Der Bericht umfasst vier Teile.\nDrei davon sind lang.\n"


def about(text: str, key: str) -> dict[str, float]:
    """How much each sentence of a text is about an act, without those that are no more than its document."""
    document = to_document(RawDocument("a.txt", Path("a.txt"), text))
    sentences, _ = split_document(document.text)
    said = [document.text[sentence.start : sentence.end] for sentence in sentences]
    titles = [
        (reference.key, title_after(document.text, reference.end), document.language)
        for reference in document.references
    ]
    stems = [topic_stems(sentence, document.language) for sentence in said]
    topics = Topics.build(titles, stems)
    return {
        said[number]: pytest.approx(strength)
        for number, found, strength in attribute_references(document, sentences, stems, topics)
        if found == key
    }


def test_a_sentence_is_about_the_act_that_it_names() -> None:
    assert about(f"{BEFORE}Die Resolution 18 gilt.", "NQ-18") == {"Die Resolution 18 gilt.": 1}


def test_a_mention_holds_on_while_the_matter_goes_on_and_decays() -> None:
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


def test_a_sentence_that_turns_to_another_matter_is_hardly_about_the_act_before_it() -> None:
    text = f"{BEFORE}Die Resolution 18 gilt. Im Hinblick auf Dörfer fehlt Geld."
    assert about(text, "NQ-18")["Im Hinblick auf Dörfer fehlt Geld."] == 0.4


def test_another_act_takes_over() -> None:
    text = f"{BEFORE}Die Resolution 18 gilt. Die Resolution 57 folgt. Sie ist neu."
    assert about(text, "NQ-18") == {"Die Resolution 18 gilt.": 1}
    assert about(text, "NQ-57") == {"Die Resolution 57 folgt.": 1, "Sie ist neu.": 0.85}


def test_two_acts_named_together_both_hold_on() -> None:
    text = f"{BEFORE}Die Resolution 18 und die Resolution 57 gelten. Sie sind neu."
    assert about(text, "NQ-18") == about(text, "NQ-57")
    assert about(text, "NQ-18")["Sie sind neu."] == 0.85


def test_a_new_paragraph_ends_a_mention() -> None:
    assert len(about(f"{BEFORE}Die Resolution 18 gilt.\nViele Dörfer warten.", "NQ-18")) == 1


def test_a_new_paragraph_may_go_on_with_the_last_one() -> None:
    text = f"{BEFORE}Die Resolution 18 gilt.\nEs bestehen jedoch Mängel."
    assert about(text, "NQ-18")["Es bestehen jedoch Mängel."] == 0.8


def test_a_document_that_opens_with_an_act_is_about_it_throughout() -> None:
    text = "Die Resolution 18 wurde geprüft.\nDas Haus steht am Fluss.\nDas Dach ist rot."
    assert list(about(text, "NQ-18").values()) == [1, 0.5, 0.5]


def test_an_act_named_in_passing_is_not_what_a_document_is_about() -> None:
    text = "Die Resolution 57 ist neu.\n" + "Die Resolution 18 gilt.\nDas Dach ist rot.\n" * 4
    assert list(about(text, "NQ-57").values()) == [1]


def test_a_sentence_that_uses_the_words_of_a_title_is_about_the_act() -> None:
    text = (
        f"{BEFORE}Die Resolution Nr. 57 des Politbüros über Durchbrüche bei Wissenschaft, Technologie und "
        "digitaler Transformation liegt vor.\nDie Resolution Nr. 18 zur Straffung des Apparats liegt vor.\n"
        "Das Haus steht.\nWissenschaft, Technologie und digitale Transformation brauchen Zeit."
    )
    said = about(text, "NQ-57")
    assert said["Wissenschaft, Technologie und digitale Transformation brauchen Zeit."] == 0.7
    assert "Das Haus steht." not in said


def test_a_document_that_names_no_act_is_about_none() -> None:
    assert about(f"{BEFORE}Das Haus steht.", "NQ-57") == {}


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


def test_sentences_of_an_act_are_found_before_and_after_saving(tmp_path: Path) -> None:
    keys = ["NQ-57", "KL-1", "NQ-18", "NQ-57"]
    built = ReferenceAttribution.build(ROWS, keys)
    built.save(tmp_path / "scope.npy")
    for scopes in (built, ReferenceAttribution.open(tmp_path / "scope.npy", keys)):
        assert len(scopes) == 4
        assert_attributed(scopes, "NQ-57", [4, 5], [1, 0.85])
        assert_attributed(scopes, "NQ-18", [1, 4], [0.5, 0.4])
        assert_attributed(scopes, "KL-1", [], [])


def test_an_act_that_no_document_names_has_no_sentences() -> None:
    assert_attributed(ReferenceAttribution.build(ROWS, ["NQ-57", "NQ-18"]), "NQ-99", [], [])


def test_documents_without_acts_have_scopes_too(tmp_path: Path) -> None:
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
    ids=["numbers", "turned", "out of order", "an act before the first", "an act after the last"],
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
def test_a_build_stores_what_the_sentences_of_the_corpus_are_about(
    built_index: Path, begins: str, key: str
) -> None:
    assert begins in " | ".join(said_about(built_index, key))


def test_a_build_stores_nothing_about_an_act_for_what_is_about_another(built_index: Path) -> None:
    said = " | ".join(said_about(built_index, "NQ-57"))
    assert "Manche Einheiten setzten die Resolution Nr. 18" not in said
    assert "Massenmobilisierung" not in said


def said_about(index: Path, key: str) -> list[str]:
    with closing(open_generation(index)) as generation:
        sentences, strengths = generation.attribution.sentences_of_reference(key)
        assert (strengths > DOCUMENT_STRENGTH).all()
        spans = generation.sentences
        return [
            generation.store.document(int(spans.document[n])).text[spans.start[n] : spans.end[n]]
            for n in sentences
        ]
