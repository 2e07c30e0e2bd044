"""Aspects of what a text says about a resolution, and the nouns that name them in three languages."""

from __future__ import annotations

import re
from typing import Literal, get_args

Aspect = Literal[
    "results", "shortcomings", "causes", "tasks", "solutions", "proposals", "participants", "goals"
]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)

#: Nouns and verbs that name an aspect in a heading, a lead-in or a question.
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
#: Text between two nouns of one list, from the ending of the first noun on.
_JUNCTION = re.compile(
    r"\w*(?:,| und| sowie| and| và|, and)(?: (?:die|der|den|the|các|những))?\s+", re.IGNORECASE
)
PATTERN_FLAGS = re.IGNORECASE | re.VERBOSE
#: Characters that are read of a heading, a lead-in or a sentence, to bound the search; no real one is longer.
MAX_LENGTH = 2000
_NAME_PATTERNS = {aspect: re.compile(names, PATTERN_FLAGS) for aspect, names in ASPECT_NOUNS.items()}


def named_aspects(words: str) -> frozenset[Aspect]:
    """The aspects that a heading or a lead-in names."""
    words = words[:MAX_LENGTH]
    return frozenset(aspect for aspect, pattern in _NAME_PATTERNS.items() if pattern.search(words))


def last_named_aspects(words: str) -> frozenset[Aspect]:
    """The aspect that a text names last, with those it is joined to: "Aufgaben und Lösungen"."""
    words = words[-MAX_LENGTH:]
    matches = sorted(
        (match.start(), match.end(), aspect)
        for aspect, pattern in _NAME_PATTERNS.items()
        for match in pattern.finditer(words)
    )
    if not matches:
        return frozenset()
    start, _, aspect = matches.pop()
    aspects = {aspect}
    while matches and _JUNCTION.fullmatch(words[matches[-1][1] : start]):
        start, _, aspect = matches.pop()
        aspects.add(aspect)
    return frozenset(aspects)
