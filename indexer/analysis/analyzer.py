"""Text to index terms: stems, surface terms, subword terms, and keys of references.

Terms are folded over case and diacritics. Stemming and stop words depend on the language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache

from indexer.analysis.stop_words import STOP_WORDS
from indexer.entities.references import find_references
from indexer.text.languages import Language
from indexer.text.normalization import fold

#: Prefix of a surface term, the folded form of a word. Across languages only these can match: names, numbers
#: and references, but not inflected words.
SURFACE = "="
#: Prefix of a subword term, a piece of a word as the model's tokenizer cuts it.
SUBWORD = "~"

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
#: Words whose stem is cached: questions bring in new ones without end.
_CACHED_WORDS = 1 << 16
#: Characters; longer strings are not words and would fill the cache.
_MAX_CACHED_LENGTH = 40
_STEMMERS: dict[Language, str] = {"de": "german", "en": "english"}


def document_terms(text: str, language: Language) -> list[str]:
    """The terms of a document in ``language``: stem and surface term of each word, keys of its references."""
    stem = _stemmer(language)
    terms: list[str] = []
    for word in _content_words(text, language):
        terms.append(stem(word.lower()))
        terms.append(SURFACE + _fold_word(word))
    return terms + _reference_terms(text)


def question_terms(question: str, language: Language) -> list[str]:
    """The terms of a question for documents of its own language: stems, and keys of its references."""
    return content_stems(question, language) + _reference_terms(question)


def content_stems(text: str, language: Language) -> list[str]:
    """The stems of the words of a text without its stop words."""
    stem = _stemmer(language)
    return [stem(word.lower()) for word in _content_words(text, language)]


def subword_terms(text: str, language: Language, subwords: Callable[[str], Sequence[str]]) -> list[str]:
    """The subword terms of a text, for documents and questions of one language.

    They match compounds, which share no stem but most of their subwords: "Massenmobilisierungsarbeit" and
    "Massenmobilisierung".

    Args:
        subwords: cuts a word in lower case.
    """
    pieces = (piece for word in _content_words(text, language) for piece in subwords(word.lower()))
    return [SUBWORD + piece for piece in pieces if len(piece) > 1]


def cross_lingual_terms(question: str, language: Language) -> list[str]:
    """The terms of a question for documents of another language: surface terms, and keys of its references.

    Every content word is among them. A word without a counterpart in the other language matches nothing
    there; names, numbers and shared words ("Internet") do.
    """
    return [
        SURFACE + _fold_word(word)
        for word in _content_words(question, language)
        if len(word) > 2 or word[0].isdigit() or word[0].isupper()
    ] + _reference_terms(question)


def name_terms(question: str, language: Language) -> list[str]:
    """The surface terms of the numbers and names in a question, numbers first.

    Capitalised words after the first count as names in English and Vietnamese. German capitalises every
    noun, so in German only numbers count.
    """
    words = _words(question)
    numbers = [word for word in words if word[0].isdigit()]
    names = [word for word in words[1:] if word[0].isupper()] if language != "de" else []
    return [
        SURFACE + _fold_word(word) for word in numbers + names if word.lower() not in STOP_WORDS[language]
    ]


def surface_terms(text: str) -> set[str]:
    """The surface terms of all words and numbers of a text, whatever its language."""
    return {SURFACE + _fold_word(word) for word in _words(text)}


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text))


def _content_words(text: str, language: Language) -> Iterator[str]:
    return (word for word in _words(text) if word.lower() not in STOP_WORDS[language])


def _fold_word(word: str) -> str:
    # 1.088 and 1,088 are one number in two notations.
    if word[0].isdigit():
        return re.sub(r"[.,]", "", word)
    return _cached_fold(word) if len(word) <= _MAX_CACHED_LENGTH else fold(word)


_cached_fold = lru_cache(_CACHED_WORDS)(fold)


def _reference_terms(text: str) -> list[str]:
    return [f"{SURFACE}{reference.key}" for reference in find_references(text)]


@cache
def _stemmer(language: Language) -> Callable[[str], str]:
    """A function from a word to its folded Snowball stem (https://snowballstem.org); Vietnamese has none."""
    if language not in _STEMMERS:
        return lru_cache(_CACHED_WORDS)(_fold_word)
    import Stemmer

    stemmer = Stemmer.Stemmer(_STEMMERS[language])

    @lru_cache(_CACHED_WORDS)
    def stem(word: str) -> str:
        return _fold_word(stemmer.stemWord(word))

    return stem
