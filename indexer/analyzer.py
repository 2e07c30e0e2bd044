"""Text to lexical terms: folded over diacritics and case, stemmed by language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from indexer.language import Language
from indexer.places import fold
from indexer.references import find_references
from indexer.words import word_list

#: Before a term that stands as it was written (folded), beside its stem. A question in another language
#: can only match these: names, numbers and references, not inflected words.
WRITTEN = "="
#: Before a piece of a word, as the model's tokenizer cuts it.
PIECE = "~"

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
#: Words whose stem is kept; questions bring in new ones without end.
_REMEMBERED = 1 << 16
#: Longer ones are no words, and not worth the memory.
_LONG_WORD = 40
_STEMMERS: dict[Language, str] = {"de": "german", "en": "english"}

#: Words that carry no topic. Vietnamese has no inflection, so its syllables stand for themselves.
STOP_WORDS: dict[Language, frozenset[str]] = {
    "de": word_list(
        """
        aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis da
        damit dann das dass dazu dem den der des dessen die dies diese diesem diesen dieser dieses doch
        dort du durch ein eine einem einen einer eines er es etwa für gab gegen gibt habe haben hat hatte
        hatten hier ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder
        jedes kann kein keine können man mehr mit muss nach nicht noch nun nur ob oder ohne sehr sein
        seine seinem seinen seiner seit sich sie sind so solche soll sollen sowie über um und uns unter
        viel vom von vor wann war waren warum was welche welchem welchen welcher welches wem wen wenn wer
        werden wessen wie wieso wieviel wird wo woher wohin womit worden wurde wurden zu zum zur zwar
        zwischen
        """
    ),
    "en": word_list(
        """
        a about after all also an and any are as at be been before between both but by can could did do
        does for from had has have he her his how i if in into is it its many may more most much no not of
        on or other our out over she should so some such than that the their them then there these they
        this those to under up was we were what when where which who whom whose why will with would you
        your
        """
    ),
    "vi": word_list(
        """
        ai bao bị bởi các có của cho chưa cùng do đã đang đâu để đến được gì hay hoặc khi không là lên lại
        mà mỗi một nào này nên những như nhưng nhiêu ở qua ra rất rồi sao sau sẽ tại thế theo thì trên
        trong trước từ và vào vẫn vì về việc với
        """
    ),
}


def terms(text: str, language: Language) -> list[str]:
    """Terms of a document in ``language``: stems, written forms, and the keys of its references."""
    stem = _stemmer(language)
    found: list[str] = []
    for word in _words(text):
        folded = _fold_word(word)
        if word.lower() in STOP_WORDS[language]:
            continue
        found.append(stem(word.lower()))
        found.append(WRITTEN + folded)
    return found + _keys(text)


def question_terms(question: str, language: Language) -> list[str]:
    """Terms of a question for documents of its own language."""
    return content_stems(question, language) + _keys(question)


def content_stems(text: str, language: Language) -> list[str]:
    """Stems of a text's words, stop words left out, references not looked for."""
    stem = _stemmer(language)
    words = [word.lower() for word in _words(text)]
    return [stem(word) for word in words if word not in STOP_WORDS[language]]


def piece_terms(text: str, language: Language, subwords: Callable[[str], Sequence[str]]) -> list[str]:
    """Pieces of a text's words, as ``subwords`` cuts them, for texts and questions of one language.

    What compounds share: "Massenmobilisierungsarbeit" and "Massenmobilisierung" have no stem in common,
    but most of their pieces.
    """
    words = (word.lower() for word in _words(text))
    pieces = (piece for word in words if word not in STOP_WORDS[language] for piece in subwords(word))
    return [PIECE + piece for piece in pieces if len(piece) > 1]


def surviving_terms(question: str, language: Language) -> list[str]:
    """Terms of a question that are the same in any language: numbers, names, references, shared words.

    Every content word goes in as written. One that has no counterpart in another language simply
    matches nothing there; one that does ("Internet", "Nguyen", "98") is evidence.
    """
    return [
        WRITTEN + _fold_word(word)
        for word in _words(question)
        if word.lower() not in STOP_WORDS[language]
        and (len(word) > 2 or word[0].isdigit() or word[0].isupper())
    ] + _keys(question)


def names(question: str, language: Language) -> list[str]:
    """Names and numbers of a question as written terms.

    Capitalised words after the first count as names in English and Vietnamese. German capitalises every
    noun, so there only numbers count.
    """
    words = _words(question)
    capitalised = words[1:] if language != "de" else []
    chosen = [word for word in words if word[0].isdigit()] + [
        word for word in capitalised if word[0].isupper()
    ]
    return [WRITTEN + _fold_word(word) for word in chosen if word.lower() not in STOP_WORDS[language]]


def written_terms(text: str) -> set[str]:
    """Every word and number of a text as a written term, whatever its language."""
    return {WRITTEN + _fold_word(word) for word in _words(text)}


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text))


def _fold_word(word: str) -> str:
    # 1.088 and 1,088 are one number in two notations.
    if word[0].isdigit():
        return re.sub(r"[.,]", "", word)
    return _folded(word) if len(word) <= _LONG_WORD else fold(word)


_folded = lru_cache(_REMEMBERED)(fold)


def _keys(text: str) -> list[str]:
    return [f"{WRITTEN}{reference.key}" for reference in find_references(text)]


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
