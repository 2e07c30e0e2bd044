"""Aspects: what is said about a resolution, told from the words that say it, in three languages."""

from __future__ import annotations

import re
from typing import Literal, get_args

Aspect = Literal[
    "results", "shortcomings", "causes", "tasks", "solutions", "proposals", "participants", "goals"
]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)

#: Words by which a question asks for an aspect.
_ASKED: dict[Aspect, str] = {
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
#: Further phrases by which only a question asks for an aspect.
_PHRASES: dict[Aspect, str] = {
    "shortcomings": r"""wo\ (?:hakt|hapert|klemmt)|(?:lief|läuft|laufen|liefen)\b.*(?:nicht|schlecht|schief)
        |went\ wrong
        |not\ (?:go|going|work|working)\b|f[ae]lls?\ short|chưa\ (?:tốt|làm\ được|đạt)|chua\ (?:tot|lam\ duoc
        |dat)""",
    "causes": r"""woran\ (?:liegt|lag)|aus\ welchem\ grund|wodurch|how\ come|what\ led\ to|do\ đâu|do\ dau""",
    "results": r"""\b(?:geschafft|bewirkt)\b|\bwie\ (?:wurde|wird|ist|sind|werden)\b.*\bumgesetzt|fortschritt
        |how\ (?:was|were|is|has|have)\b.*\b(?:implemented|carried\ out|put\ into\ practice)|\bprogress
        |(?:thực\ hiện|triển\ khai)\b.*(?:như\ thế\ nào|ra\ sao|thế\ nào)|làm\ được\ gì|tiến\ bộ""",
    "tasks": r"""\b(?:verlangt|gefordert|forderung|angeordnet|anweisung)|\bwer\ soll\ was
        |steh(?:t|en)\ an(?:\?|\Z)|\bdemand|required\ (?:of|from|to)|(?:asked|expected)\ of\b
        |who\ (?:should|must|is\ to)\ do|to-do|yêu\ cầu|phải\ làm|yeu\ cau""",
    "proposals": r"""\bworum\ (?:bat|baten|bittet|ersucht)|\bwünscht|\berbittet|\berbat\b
        |\bask(?:s|ed)?\b.*\bfor\b|\brequest|\bwant\b.*\bfrom\b|mong\ muốn|\bxin\b|de\ nghi""",
    "participants": r"""\bwer\b.*\b(?:dabei|zugegen)\b|who\ (?:was|were)\b.*\b(?:there|present)\b
        |who\ (?:was|were)\ at\b|\bnhững\ ai\b|\bcó\ mặt\b""",
    "goals": r"""\bwas\ soll(?:te)?\b.*\b(?:bewirken|erreichen|bezwecken)|(?:meant|supposed|intended)\ to\b
        |hướng\ tới|để\ làm\ gì""",
}
#: Nouns in the plural, after the word that asks for them or at the beginning of a query without a verb.
_PLURALS = r"""(?:m[aä]ngeln?|schwächen|schwachstellen|(?:ein|be)schränkungen|schwierigkeiten|hindernisse
        |probleme|defizite
    |engpässe|grenzen|ergebnisse|erfolge|errungenschaften|fortschritte|schritte|aufgaben|aufträge|forderungen
        |lösungen
    |ma(?:ß|ss)nahmen|vorschläge|empfehlungen|teilnehme\w+|ziele|shortcomings|weaknesses|limitations
        |difficulties
    |obstacles|problems|deficiencies|challenges|drawbacks|flaws|constraints|results|achievements|successes
        |outcomes
    |steps|progress|tasks|duties|assignments|demands|solutions|measures|remedies|proposals|suggestions
    |recommendations|requests|participants|goals|aims|objectives|targets)\b(?!\ in\b)"""
_VIETNAMESE = r"""(?:hạn\ chế|tồn\ tại|khó\ khăn|vướng\ mắc|bất\ cập|yếu\ kém|khuyết\ điểm|thiếu\ sót
        |kết\ quả|thành\ tựu|tiến\ bộ
    |bước|nhiệm\ vụ|yêu\ cầu|giải\ pháp|biện\ pháp|đề\ xuất|kiến\ nghị|mục\ tiêu|han\ che|ton\ tai|kho\ khan
        |vuong\ mac
    |bat\ cap|khuyet\ diem|ket\ qua|thanh\ tuu|nhiem\ vu|yeu\ cau|giai\ phap|bien\ phap|de\ xuat|kien\ nghi
        |muc\ tieu)"""
#: All there is is asked for: by the noun's number, in Vietnamese by a word for "which ones", or by an open
#: phrase.
_SEVERAL = re.compile(
    rf"""(?:\b(?:welche[rn]?|was\ (?:sind|waren)|what|which|alle?|list|nenn\w*
        |name)\b(?:\ [\w’'-]+){{0,4}}?\ |\A(?:[\w-]+\ ){{0,2}}|:\ )
        {_PLURALS}
    |(?:những|các|nhung|cac)\ (?:\w+\ )?{_VIETNAMESE}|{_VIETNAMESE}\ (?:những\ |nhung\ )?(?:gì|nào|gi|nao)\b
    |\bwas\ (?:hat|haben)\b.*\b(?:erreicht|geleistet|geschafft|bewirkt)\b
    |\bwhat\ (?:has|have)\b.*\b(?:achieved|accomplished|done)\b
    |(?:đạt|làm|dat|lam)\ (?:được|duoc)\ (?:những\ )?(?:gì|gi)\b
    |\bwas\ wurde\b.*\b(?:erreicht|vorgeschlagen|empfohlen|beschlossen)\b
    |\bwo\ (?:hakt|hapert|klemmt)|\bwas\ (?:lief|läuft)\b.*\bnicht|went\ wrong|\bnot\ go\b
    |chưa\ (?:tốt|làm\ được)
    |\bwas\ (?:wird|wurde)\b.*(?:verlangt|gefordert)|\bwer\ soll\ was|steh(?:t|en)\ an(?:\?|\Z)
    |\bworum\ b[aä]t|\bwünscht|\b(?:ask(?:s|ed)?|want(?:s|ed)?|request(?:s|ed)?)\ .*\b(?:for|from)\b
    |\bwer\b.*\b(?:teil|dabei|anwesend|zugegen)\b|\bwho\ (?:was|were)\ at\b
    |\bwho\b.*\b(?:attend\w*|present|there|took\ part|participat\w*)\b
    |(?:những\ ai|\bai)\b.*(?:dự|tham\ gia|có\ mặt)
    |\bwas\ soll(?:te)?\b.*\b(?:bewirken|erreichen)\b""",
    re.IGNORECASE | re.VERBOSE,
)
#: What stands between two nouns of one list, from the noun's ending on.
_JOINED = re.compile(
    r"\w*(?:,| und| sowie| and| và|, and)(?: (?:die|der|den|the|các|những))?\s+", re.IGNORECASE
)
_FLAGS = re.IGNORECASE | re.VERBOSE
_NOUNS = {aspect: re.compile(words, _FLAGS) for aspect, words in _ASKED.items()}
_QUESTIONS = {
    aspect: re.compile(f"{_ASKED[aspect]}|{_PHRASES.get(aspect, '(?!)')}", _FLAGS) for aspect in ASPECTS
}


def asked_aspect(question: str) -> Aspect | None:
    """The aspect a question asks for: the one named first, ``None`` when it asks for none."""
    found = [(match.start(), aspect) for aspect, p in _QUESTIONS.items() if (match := p.search(question))]
    return min(found)[1] if found else None


def asks_for_several(question: str) -> bool:
    """Whether a question for an aspect wants all that is said of it, not one thing."""
    return bool(_SEVERAL.search(" ".join(question.split())))


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
