"""Text to lexical terms: folded over diacritics and case, stemmed by language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from indexer.analysis.stop_words import STOP_WORDS
from indexer.entities.references import find_references
from indexer.text.languages import Language
from indexer.text.normalization import fold

#: Before a term that stands as it was written (folded), beside its stem. A question in another language
#: can only match these: names, numbers and references, not inflected words.
SURFACE = "="
#: Before a piece of a word, as the model's tokenizer cuts it.
SUBWORD = "~"

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
#: Words whose stem is kept; questions bring in new ones without end.
_REMEMBERED = 1 << 16
#: Longer ones are no words, and not worth the memory.
_LONG_WORD = 40
_STEMMERS: dict[Language, str] = {"de": "german", "en": "english"}


def document_terms(text: str, language: Language) -> list[str]:
    """Terms of a document in ``language``: stems, written forms, and the keys of its references."""
    stem = _stemmer(language)
    found: list[str] = []
    for word in _words(text):
        folded = _fold_word(word)
        if word.lower() in STOP_WORDS[language]:
            continue
        found.append(stem(word.lower()))
        found.append(SURFACE + folded)
    return found + _keys(text)


def question_terms(question: str, language: Language) -> list[str]:
    """Terms of a question for documents of its own language."""
    return content_stems(question, language) + _keys(question)


def content_stems(text: str, language: Language) -> list[str]:
    """Stems of a text's words, stop words left out, references not looked for."""
    stem = _stemmer(language)
    words = [word.lower() for word in _words(text)]
    return [stem(word) for word in words if word not in STOP_WORDS[language]]


def subword_terms(text: str, language: Language, subwords: Callable[[str], Sequence[str]]) -> list[str]:
    """Pieces of a text's words, as ``subwords`` cuts them, for texts and questions of one language.

    What compounds share: "Massenmobilisierungsarbeit" and "Massenmobilisierung" have no stem in common,
    but most of their pieces.
    """
    words = (word.lower() for word in _words(text))
    pieces = (piece for word in words if word not in STOP_WORDS[language] for piece in subwords(word))
    return [SUBWORD + piece for piece in pieces if len(piece) > 1]


def cross_lingual_terms(question: str, language: Language) -> list[str]:
    """Terms of a question that are the same in any language: numbers, names, references, shared words.

    Every content word goes in as written. One that has no counterpart in another language simply
    matches nothing there; one that does ("Internet", "Nguyen", "98") is evidence.
    """
    return [
        SURFACE + _fold_word(word)
        for word in _words(question)
        if word.lower() not in STOP_WORDS[language]
        and (len(word) > 2 or word[0].isdigit() or word[0].isupper())
    ] + _keys(question)


def name_terms(question: str, language: Language) -> list[str]:
    """Names and numbers of a question as written terms.

    Capitalised words after the first count as names in English and Vietnamese. German capitalises every
    noun, so there only numbers count.
    """
    words = _words(question)
    capitalised = words[1:] if language != "de" else []
    chosen = [word for word in words if word[0].isdigit()] + [
        word for word in capitalised if word[0].isupper()
    ]
    return [SURFACE + _fold_word(word) for word in chosen if word.lower() not in STOP_WORDS[language]]


def surface_terms(text: str) -> set[str]:
    """Every word and number of a text as a written term, whatever its language."""
    return {SURFACE + _fold_word(word) for word in _words(text)}


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text))


def _fold_word(word: str) -> str:
    # 1.088 and 1,088 are one number in two notations.
    if word[0].isdigit():
        return re.sub(r"[.,]", "", word)
    return _folded(word) if len(word) <= _LONG_WORD else fold(word)


_folded = lru_cache(_REMEMBERED)(fold)


def _keys(text: str) -> list[str]:
    return [f"{SURFACE}{reference.key}" for reference in find_references(text)]


@cache
def _stemmer(language: Language) -> Callable[[str], str]:
    """Snowball stemming (https://snowballstem.org), then folding; Vietnamese is folded only."""
    if language not in _STEMMERS:
        return lru_cache(_REMEMBERED)(_fold_word)
    import Stemmer

    stemmer = Stemmer.Stemmer(_STEMMERS[language])

    @lru_cache(_REMEMBERED)
    def stem(word: str) -> str:
        return _fold_word(stemmer.stemWord(word))

    return stem
