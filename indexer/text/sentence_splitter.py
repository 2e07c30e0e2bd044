"""Sentence boundaries by rules for German, English and Vietnamese, also mixed in one text.

A punctuation mark followed by white space ends a sentence unless one of the rules below says otherwise. On
gold German boundaries as good as SoMaJo at a hundred times its speed, and on average better than pysbd,
syntok, nupunkt and sentencex (ADR 3; `python -m eval.lab.experiments.sentence_splitting`).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from indexer.text import months
from indexer.text.normalization import word_list
from indexer.text.spans import Span

# Possessive quantifiers, entered at the first character of a run: linear even on a megabyte of dots.
_MARK = re.compile(
    r"""(?<![.!?…]) (?P<mark>[.!?…]++)
        (?P<close>["'”“’‘»«)\]]*+ (?:\[\d{1,4}\])*+ (?:[ \u00a0]["”“»](?=\s|\Z))?+)
        (?: \s++ | (?<=[^\W\d_]{3}[.!?]) (?=[^\W\d_]{2}) )  # or glued to the next word: "wurde.In Japan" """,
    re.VERBOSE,
)
_NEXT = re.compile(
    r"""(?P<item>\(?(?:[a-z]|[ivx]+)\)\s)? ["'„“”«»‚‘’(\[–—-]*+ \s*+ (?P<word>[^\W\d_]++|\d++\.?|)""",
    re.VERBOSE,
)
# Text that only introduces a sentence: "3", "4.2", "• 3", "b", "IV", "§ 7", "Artikel 5", "[".
_INTRODUCTION = re.compile(
    r"""\W* (?: \d+(?:\.\d+)*[a-z]? | [^\W\d_] | [IVXLC]+
              | (?:Artikel|Art\.|Abschnitt|Kapitel|Teil|Anlage|Article|Section|Chapter|Part
                  |Điều|Khoản|Mục|Chương|Phần) \s+ (?:\d+[a-z]?|[IVXLC]+) )? \W*""",
    re.VERBOSE,
)
_OPENING = "([{\"'„“”»«‚‘’–—-/*"
_NUMBER = re.compile(r"(?:\d{1,3}\.?[/–-])?\d+")
_ROMAN = re.compile(r"[IVXLC]{2,}")
_INITIAL = re.compile(r"[A-Za-zÄÖÜäöüĐđ]")  # not the Vietnamese words "ý", "Á"
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# Only German writes ordinals with a full stop ("14. Parteitag"); these words identify it.
_GERMAN = re.compile(
    r"\b(?:[Dd](?:er|as|es|em)|und|vom|zum|zur|[Ii]m|(?<!I )am|für|mit|ist|sich|wird|wurden?|werden)\b"
)
_CONTEXT = 300  # characters on either side in which those words are looked for
_LOOKBACK = 64  # longer than any abbreviation or introduction; it bounds the work at each mark

# Abbreviations before a name or a number: never the end of a sentence.
_NEVER_FINAL = word_list(
    """
    z.b d.h i.e e.g bzw ca vgl cf vs inkl incl exkl einschl ggf evtl sog insb insbes bspw gem lt betr bzgl
    zzgl abzgl nr nrn abs ziff dr prof dres dipl ing med phil habil hr hrn hl st mr mrs ms messrs rev hon
    gov sen sens rep reps capt col sgt det approx gs pgs ts ths bs tp tt tx tr đ/c
    """
)
# Abbreviations that end a sentence only where the next word looks like the beginning of one.
_SOMETIMES_FINAL = word_list(
    """
    abl abt änd az bgbl diesbzgl div drs versch zahlr ahd mhd lat griech frz mio mrd tsd chr jh jhd jhs
    str tel mwst ust std min max sek f ff abk abb anl anm aufl ausg bd bde bearb beil bes dgl dt engl
    entspr erg erl ev kath evang fr geb gegr gest hrsg jur lfd lit mdl rd rn rdn schr spez stellv stv
    teilw urspr verf verh vertr vorm wg zit zus co corp inc ltd jr sr bros dept est ed eds et al gen jan
    feb febr mär apr jun jul aug sep sept okt oct nov dez dec
    """
)
# Abbreviations only before a number: "Art. 5", but "dieser Art. Sie".
_BEFORE_NUMBERS = word_list("art no nos fig figs vol sec sect p pp para pos kap ch pkt tab mind q s rz")
# Nouns after an ordinal.
_AFTER_ORDINALS = word_list("jh jhd jahrhundert jahrhunderts").union(months.GERMAN, months.AUSTRIAN)
# Function words that often begin a sentence (counted in NTREX-128 and FLORES-200).
_LIKELY_STARTS = word_list(
    """
    der die das den dem des ein eine einen einem einer eines er sie es ich wir ihr man in im am an auf aus
    bei beim mit nach nachdem von vom vor für durch um zu zum zur über unter seit während trotz laut gemäß
    aufgrund angesichts ohne gegen zwischen innerhalb insgesamt wenn als obwohl weil da dass damit aber
    und oder doch denn auch außerdem zudem ferner daher deshalb dann so allerdings jedoch schließlich
    anschließend gleichzeitig insbesondere heute hier dort dazu dabei davon dafür darüber darunter daneben
    danach diese dieser dieses diesem diesen dies jede jeder jedes alle allen einige viele mehrere andere
    weitere beide unser unsere seine sein ihre ihren was wer wie wo warum welche nur noch nicht kein keine
    soweit sofern hierbei hierzu bitte mittlerweile inzwischen etwa sowohl
    the a he she it we they you i this that these those there but and if as some after when for on one his
    her its their our at with while although what which who many during most according other to another
    since more even meanwhile because both all by over despite however from not each several only also
    các một những trong sau nếu có theo vào khi đây họ tuy nhưng và với đó không nó ngoài để về tại từ
    cùng trên đến việc đồng qua do vì cũng nhiều bên nhờ trước hiện ông bà tôi chúng
    """
)


def split_sentences(text: str) -> list[Span]:
    """The sentences of a text in order, without overlap; together they cover all but white space.

    A line break always ends a sentence; a semicolon or colon never does. Linear in the length of the text.
    """
    spans: list[Span] = []
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        spans.extend(_split_line(text, start, end))
        start = end + 1
    return spans


def _split_line(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    for mark in _MARK.finditer(text, start, end):
        if _ends_sentence(text, start, mark, end):
            yield Span(start, mark.end("close"))
            start = mark.end()
    if start < end:
        yield Span(start, end)


class _Following(NamedTuple):
    """The text after a punctuation mark: its first word, and how it looks."""

    word: str
    is_list_item: bool  # "b) "
    next_character: str
    is_likely_start: bool  # a word that often begins a sentence


def _following(text: str, start: int, end: int) -> _Following:
    match = _NEXT.match(text, start, end)
    assert match, "the pattern matches the empty string"
    item, word = match.group("item", "word")
    next_character = text[match.end() : match.end() + 1]
    likely = not item and word.casefold() in _LIKELY_STARTS and (len(word) > 1 or next_character.isspace())
    return _Following(word, bool(item), next_character, likely)


def _ends_sentence(text: str, start: int, mark: re.Match[str], end: int) -> bool:
    """True if the punctuation ``mark`` ends the sentence that begins at ``start``."""
    at, after = mark.start(), mark.end()
    following = _following(text, after, end)
    if text[after] in ",;:.!?…)]%" or (following.word[:1].islower() and not following.is_list_item):
        return False
    if at - start <= _LOOKBACK and _INTRODUCTION.fullmatch(text, start, at):
        return False
    before, token = _last_words(text[max(start, at - _LOOKBACK) : at])
    if mark["mark"] == ".":
        bare = token.lstrip(_OPENING)
        return _full_stop_ends_sentence(text, mark, following, before if bare == token else "", bare)
    # Inside a sentence: "(!)", "die […] Lage", "die … Lage".
    inside = token[-1] in _OPENING if token else mark["mark"][0] not in "!?"
    return following.is_likely_start or not inside


def _full_stop_ends_sentence(
    text: str, mark: re.Match[str], following: _Following, before: str, token: str
) -> bool:
    """True if a full stop after ``token``, which follows ``before``, ends a sentence."""
    at, word = mark.start(), following.word
    last = re.split(r"[./–-]", token)[-1]
    names = _abbreviation_forms(before, token, last)
    if names & _NEVER_FINAL:
        return False
    if mark.end() == mark.end("close"):
        return _is_missing_space(token, following, names)
    if ")" in mark["close"]:
        return True
    if word and not following.is_list_item and _NUMBER.fullmatch(token):
        return _number_ends_sentence(text, at, before, last, word, following.is_likely_start)
    if names & _BEFORE_NUMBERS and (word[:1].isdigit() or _ROMAN.fullmatch(word)):
        return False
    if _ROMAN.fullmatch(last):
        return following.is_likely_start or not _is_german(text, at)
    if names & _SOMETIMES_FINAL or (_INITIAL.fullmatch(last) and token != "v.v"):
        return following.is_likely_start and not (token == last and before.endswith((":", ";", ",")))
    return True


def _abbreviation_forms(before: str, token: str, last: str) -> set[str]:
    """The spellings under which a token may be listed as an abbreviation: "z.B", "Hertzstr", "433ff"."""
    stem = "str" if last.endswith("str") else last.lstrip("0123456789")
    return {name.casefold() for name in (token, last, stem, before.lstrip(_OPENING) + token)}


def _is_missing_space(token: str, following: _Following, names: set[str]) -> bool:
    """True if a full stop glued to the next word ends a sentence, unlike "www.Foo.de", "max.Muster@…"."""
    is_abbreviation = bool(names & _SOMETIMES_FINAL) or _PLAIN_WORD.fullmatch(token) is None
    next_character = following.next_character
    return (
        not is_abbreviation
        and following.word[1:].islower()
        and (not next_character or next_character not in "./@_")
    )


def _number_ends_sentence(text: str, at: int, before: str, number: str, word: str, likely: bool) -> bool:
    """True if a full stop after a number ends a sentence; ``likely``: the next word often begins one."""
    if word[0].isdigit():  # the dates "3. 5. 2024", "aus dem 1. -3. Jahrhundert"
        return len(number) > 2 or not (word.endswith(".") or before.endswith("."))
    if len(number) > 3:
        return True
    if word.casefold() in _AFTER_ORDINALS:
        return False
    if likely:
        return len(number) > 2 or not before.endswith((":", ";", ","))  # "drei Schritte: 1. Die"
    if not _is_german(text, at):
        return True
    name = before.lstrip(_OPENING).rstrip(".")  # "Nr. 57.", "Resolution 57." but "Der 14. Parteitag"
    lower = name.casefold()
    return (
        lower in _NEVER_FINAL
        or lower in _BEFORE_NUMBERS
        or (name[:1].isupper() and lower not in _LIKELY_STARTS)
    )


def _is_german(text: str, at: int) -> bool:
    return _GERMAN.search(text, max(0, at - _CONTEXT), at + _CONTEXT) is not None


def _last_words(window: str) -> tuple[str, str]:
    """The last two words; the last is empty if the window ends in white space."""
    words = ["", "", *window.split()[-2:]]
    return (words[-1], "") if window[-1:].isspace() else (words[-2], words[-1])
