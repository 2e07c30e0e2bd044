"""Aspects that headings and lead-ins announce."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from indexer.annotation import discourse
from indexer.annotation.aspects import ASPECTS, Aspect
from indexer.arrays import Strengths
from indexer.documents import RawDocument
from indexer.preprocessing.chunking import split_document
from indexer.preprocessing.metadata import to_document


def strengths(finder: Callable[..., Strengths], aspect: Aspect, text: str) -> dict[str, float]:
    """Strength above 0 with which an aspect is announced for each sentence of a Markdown text."""
    document = to_document(RawDocument("a.md", Path("a.md"), text, "text/markdown"))
    sentences, _ = split_document(document.text)
    found = finder(document.text, sentences, discourse.cue_strengths(document.text, sentences))
    column = found[:, ASPECTS.index(aspect)]
    texts = [document.text[sentence.start : sentence.end] for sentence in sentences]
    return {
        text: pytest.approx(float(value), abs=1e-6)
        for text, value in zip(texts, column, strict=True)
        if value
    }


def test_a_lead_in_holds_in_its_paragraph_and_decays_by_the_sentence() -> None:
    text = "Zu den Mängeln: Die Wege sind lang. Die Zeit ist knapp. Es regnet.\n\nDas Dach ist rot."
    assert strengths(discourse.lead_in_strengths, "shortcomings", text) == {
        "Zu den Mängeln: Die Wege sind lang.": 1,
        "Die Zeit ist knapp.": 0.95,
        "Es regnet.": 0.9025,
    }


def test_a_lead_in_ends_at_a_strong_cue_of_an_excluding_aspect() -> None:
    text = "Zu den Mängeln: Die Wege sind lang. Das Amt hat die Reform abgeschlossen. Die Zeit ist knapp."
    assert list(strengths(discourse.lead_in_strengths, "shortcomings", text)) == [
        "Zu den Mängeln: Die Wege sind lang."
    ]


def test_a_lead_in_continues_where_its_list_continues() -> None:
    text = "Zu den Mängeln: Die Wege sind lang. Dazu gehören Ämter, die gegründet wurden."
    assert len(strengths(discourse.lead_in_strengths, "shortcomings", text)) == 2


def test_a_lead_in_announces_the_aspect_it_names_last() -> None:
    text = "Neben den Ergebnissen nannte er die Mängel, etwa: Die Wege sind lang. Es regnet."
    assert strengths(discourse.lead_in_strengths, "results", text) == {}
    assert len(strengths(discourse.lead_in_strengths, "shortcomings", text)) == 2


@pytest.mark.parametrize(
    "text", ["Um 10:30 nannte er die Mängel. Es regnet.", "Er nannte die Mängel. Es regnet."]
)
def test_without_an_opening_colon_nothing_is_announced(text: str) -> None:
    assert strengths(discourse.lead_in_strengths, "shortcomings", text) == {}


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("Die Delegierten schlugen vor, mehr zu bauen. Die Provinz brauche auch Zeit.", "proposals"),
        ("The delegates recommended more schools. The roads are long.", "proposals"),
        ("Er forderte die Ämter auf, zu handeln. Die Wege seien lang.", "tasks"),
    ],
)
def test_a_verb_of_speech_announces_the_next_sentence(text: str, aspect: Aspect) -> None:
    assert list(strengths(discourse.lead_in_strengths, aspect, text).values()) == [0.95]


HEADED = """# Bericht

Es regnet.

## Mängel

Die Wege sind lang.

Das Amt hat die Reform abgeschlossen.

Die Zeit ist knapp.

## Ergebnisse und Aufgaben

Das Dach ist rot.
"""


def test_a_heading_holds_for_its_paragraphs_except_excluding_ones() -> None:
    assert strengths(discourse.heading_strengths, "shortcomings", HEADED) == {
        "Die Wege sind lang.": 1,
        "Die Zeit ist knapp.": 1,
    }


@pytest.mark.parametrize("aspect", ["results", "tasks"])
def test_a_heading_may_name_two_aspects(aspect: Aspect) -> None:
    assert strengths(discourse.heading_strengths, aspect, HEADED) == {"Das Dach ist rot.": 1}


def test_the_decay_of_a_lead_in_is_an_argument() -> None:
    text = "Zu den Mängeln: Die Wege sind lang. Die Zeit ist knapp."
    halving = partial(discourse.lead_in_strengths, weights=discourse.DiscourseWeights(decay=0.5))
    assert list(strengths(halving, "shortcomings", text).values()) == [1, 0.5]
