"""Aspects: what is said about a resolution, told from the words that say it, in three languages."""

from __future__ import annotations

import re
from typing import Literal, get_args

Aspect = Literal[
    "results", "shortcomings", "causes", "tasks", "solutions", "proposals", "participants", "goals"
]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)

#: Words by which a question asks for an aspect.
ASPECT_NOUNS: dict[Aspect, str] = {
    "shortcomings": r"""m[aä]ngel|schw[aä]che|schwachstelle|einschr[aä]nkung|schwierigkeit|hindernis|problem
        |defizit
        |unzul[aä]nglich
        |hemmnis|engp[aä]ss|vers[aä]umnis|beanstand|bem[aä]ngel|kritisier|grenzen\ (?:der|bei)
        |shortcoming|weakness|limitation|difficult|obstacle|problem|deficien|challenge|drawback|flaw
        |criticis|constraint
        |hạn\ chế|tồn\ tại|khó\ khăn|vướng\ mắc|bất\ cập|yếu\ kém|khuyết\ điểm|thiếu\ sót
        |han\ che|kho\ khan|vuong\ mac|bat\ cap|khuyet\ diem""",
    "causes": r"""ursache|\bgr[uü]nde?\b|\bwarum\b|\bweshalb\b|\bwieso\b|\bcause|\breasons?\b|\bwhy\b
        |nguyên\ nhân|vì\ sao|tại\ sao|lý\ do|nguyen\ nhan|vi\ sao|tai\ sao""",
    "results": r"""ergebnis|erfolg|errungenschaft|erreicht|\bresults?\b|achiev|success|accomplish|outcome
        |kết\ quả|thành\ tựu|đạt\ được|ket\ qua|thanh\ tuu|dat\ duoc""",
    "tasks": r"""aufgabe|\bauftr[aä]ge?\b|\btasks?\b|\bduties|\bassignments?\b|nhiệm\ vụ|nhiem\ vu""",
    "solutions": r"""\bl[oö]sung|ma(?:ß|ss)nahme|\bsolution|measures?\b|remed(?:y|ies)|giải\ pháp
        |biện\ pháp|giai\ phap|bien\ phap""",
    "proposals": r"""vorschl[aä]g|vorgeschlagen|empfehl|empfohlen|propos|suggest|recommend|đề\ xuất|kiến\ nghị
        |đề\ nghị|de\ xuat|kien\ nghi""",
    "participants": r"""teilnehm|teilgenommen|nahm\w*\ .*\bteil\b|anwesend|participa|attend|took\ part
        |tham\ dự|tham\ gia|dự\ (?:họp|hội\ nghị)|thành\ phần|tham\ du""",
    "goals": r"""\bziel(?:e|en|s|es)?\b|\bzweck|wozu\b|\bgoals?\b|\baims?\b|\bpurpose|objective|\btargets?\b
        |mục\ tiêu
        |mục\ đích|nhằm|muc\ tieu|muc\ dich""",
}
#: What stands between two nouns of one list, from the noun's ending on.
_JOINED = re.compile(
    r"\w*(?:,| und| sowie| and| và|, and)(?: (?:die|der|den|the|các|những))?\s+", re.IGNORECASE
)
PATTERN_FLAGS = re.IGNORECASE | re.VERBOSE
_NOUNS = {aspect: re.compile(words, PATTERN_FLAGS) for aspect, words in ASPECT_NOUNS.items()}


def named_aspects(words: str) -> frozenset[Aspect]:
    """The aspects that a heading or a lead-in names."""
    return frozenset(aspect for aspect, pattern in _NOUNS.items() if pattern.search(words))


def last_named(words: str) -> frozenset[Aspect]:
    """The aspect that a text names last, with those that it joins to it: "Aufgaben und Lösungen"."""
    found = sorted((m.start(), m.end(), aspect) for aspect, p in _NOUNS.items() for m in p.finditer(words))
    if not found:
        return frozenset()
    begin, _, aspect = found.pop()
    aspects = {aspect}
    while found and _JOINED.fullmatch(words[found[-1][1] : begin]):
        begin, _, aspect = found.pop()
        aspects.add(aspect)
    return frozenset(aspects)
