"""Language detection: German, English or Vietnamese."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Protocol, cast

from indexer.entities.places import find_places
from indexer.text.languages import LANGUAGES, Language
from indexer.text.normalization import word_list

#: Words that decide a short question alone: frequent in one language, or in its questions to this corpus,
#: and absent from the others.
_FUNCTION_WORDS: dict[Language, frozenset[str]] = {
    "de": word_list(
        """
        der das des dem den ein eine einen einem einer eines und oder nicht ist sind war waren wird werden
        wurde wurden hat haben hatte wer wie wo wann warum wieso welche welcher welches welchen welchem
        wozu wem wessen woher wohin womit worüber bei beim zur zum zu von vom mit nach für über auf aus
        durch gegen ohne um es gibt gab sagt sagte im ins als auch sich sie er wir ihr nennen nenne ich
        man wenn muss kann an am so mängel ergebnisse aufgaben lösungen ursachen vorschläge teilnehmer
        umsetzung sitzung provinz
        """
    ),
    "en": word_list(
        """
        the of and or is are were been be has have had who what which when where why how whose whom does
        do did can could should would to for on with by from about into at that this these those there it
        its as not tell give list shortcomings limitations weaknesses results tasks solutions causes
        proposals participants implementation meeting province
        """
    ),
    "vi": word_list(
        """
        là của và các những được trong cho với khi nào gì ai sao bao nhiêu đâu ở tại có không đã đang sẽ
        này đó về theo từ đến bởi vì như thế việc nghị quyết chỉ thị kết luận quy định tỉnh ủy đồng chí
        hạn chế nhiệm vụ giải pháp kết quả nguyên nhân
        """
    ),
}
#: Letters that only Vietnamese has among the three.
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9ãẽĩõũỹ]")
#: Word pairs that identify Vietnamese typed without diacritics.
_TYPED_VIETNAMESE = re.compile(
    r"\b(?:nghi quyet|chi thi|ket luan|quy dinh|chuong trinh|han che|ket qua|nhiem vu|giai phap|nguyen nhan"
    r"|bao nhieu|la gi|the nao|tai sao|vi sao|o dau|khi nao|thuc hien|chuyen doi|dong chi|tinh uy|co nhung)\b"
)
_WORD = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"[„“\"«»‚‘'][^„“”\"«»‚‘’']*[“”\"«»‘’']")
#: Of the three languages only German capitalises a noun after its adjective.
_GERMAN_NOUN = re.compile(r"\b[a-zäöüß]{3,}(?:e|en|er|es|em)\s+[A-ZÄÖÜ][a-zäöüß]{3,}\b")


def detect_language(text: str) -> Language:
    """The language of a question or document; for a text in any other language, the nearest of the three.

    Function words and letters decide where they are clear, otherwise a statistical model does
    (py3langid: https://github.com/adbar/py3langid). Names of provinces do not count.
    """
    composed = unicodedata.normalize("NFC", text)
    nameless = _without_places(composed)
    words = _WORD.findall(nameless.lower())
    counts = {language: sum(word in known for word in words) for language, known in _FUNCTION_WORDS.items()}
    # Names and quoted words may have Vietnamese letters in any language; other words in lower case may not.
    counts["vi"] += sum(
        word[0].islower() and bool(_VIETNAMESE.search(word)) and word not in _FUNCTION_WORDS["vi"]
        for word in _WORD.findall(_QUOTED.sub(" ", nameless))
    )
    if _TYPED_VIETNAMESE.search(" ".join(words)):
        counts["vi"] += 2
    ranked = sorted(LANGUAGES, key=lambda language: -counts[language])
    first, second = counts[ranked[0]], counts[ranked[1]]
    if first >= 2 * second + 1:
        return ranked[0]
    if second == 0 and _VIETNAMESE.search(composed):
        return "vi"
    if first == 0 and _GERMAN_NOUN.search(nameless):
        return "de"
    return _by_model(composed)


def _without_places(text: str) -> str:
    """A text without the names of provinces: the "An" of Nghệ An is not the German preposition."""
    for mention in reversed(find_places(text)):
        text = f"{text[: mention.start]} {text[mention.end :]}"
    return text


class _Classifier(Protocol):
    """The used part of py3langid, which has no type hints."""

    def set_languages(self, langs: list[str]) -> None: ...
    def classify(self, instance: str) -> tuple[str, float]: ...


@cache
def _model() -> _Classifier:
    import py3langid

    model = cast(_Classifier, py3langid)
    model.set_languages(list(LANGUAGES))
    return model


def warm_up() -> None:
    """Load the statistical model, so that the first question that needs it does not wait."""
    _model()


def _by_model(text: str) -> Language:
    code = _model().classify(text)[0]
    return next((language for language in LANGUAGES if language == code), "de")
