"""Aspect intent: the aspect a question asks for, and whether it wants a list."""

from __future__ import annotations

import re

from indexer.annotation.aspects import ASPECT_NOUNS, ASPECTS, PATTERN_FLAGS, Aspect

#: Phrases that ask for an aspect in questions only; nouns are in ``ASPECT_NOUNS``.
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
#: Questions for a list: by a noun in the plural, in Vietnamese by a word for "which ones", or by an open
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
_QUESTIONS = {
    aspect: re.compile(f"{ASPECT_NOUNS[aspect]}|{_PHRASES.get(aspect, '(?!)')}", PATTERN_FLAGS)
    for aspect in ASPECTS
}


def asked_aspect(question: str) -> Aspect | None:
    """The aspect a question asks for, the first one it names; ``None`` if it asks for none."""
    found = [(match.start(), aspect) for aspect, p in _QUESTIONS.items() if (match := p.search(question))]
    return min(found)[1] if found else None


def asks_for_several(question: str) -> bool:
    """True if a question for an aspect asks for all that is said of it, not for one thing."""
    return bool(_SEVERAL.search(" ".join(question.split())))
