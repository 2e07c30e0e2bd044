"""Aspects: what is said about a resolution, told from the words that say it, in three languages."""

from __future__ import annotations

import re
from typing import Literal, get_args

Aspect = Literal["results", "shortcomings", "causes", "tasks", "solutions", "proposals", "participants"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)

#: Words by which a question asks for an aspect.
_ASKED: dict[Aspect, str] = {
    "shortcomings": r"""m[aä]ngel|schw[aä]che|einschr[aä]nkung|schwierigkeit|hindernis|problem|defizit
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
}
#: Words by which a sentence, mostly German, speaks of an aspect.
_SAID: dict[Aspect, str] = {
    "shortcomings": _ASKED["shortcomings"]
    + r"""|eingeschr[aä]nkt|begrenzt|unflexibel|verwirrend|schleppend|schwierig|unzureichend|mangelnd
        |fehl(?:t|en|end)
        |ungen[uü]gend
        |nicht\ (?:\w+\ ){0,2}(?:gen[uü]gen|ausreich|vollst[aä]ndig|regelm[aä][sß]|rechtzeitig|umfassend|eng\b
         |stark|gleichm[aä]ßig|proaktiv|eindeutig|qualifiziert)
        |noch\ nicht|(?:verf[uü]gen|erf[uü]ll\w+)\ nicht|wenig\ effektiv|\bkaum\b|verz[oö]ger
        |r[uü]ckst[aä]nd|geringe?n?\b|zu\ langsam
        |insufficient|inadequate|lacking|\blacks?\b|not\ yet|slow|uneven|chưa|thiếu|còn\ chậm""",
    "causes": _ASKED["causes"]
    + r"""|\bweil\b|\bda\ (?:diese|die|der|das)\b|aufgrund|zur[uü]ckzuf[uü]hren|\bdaher\b|because
        |due\ to|\bdo\ (?:đó|vậy)""",
    "results": _ASKED["results"]
    + r"""|verbessert|abgeschlossen|gest[aä]rkt|erzielt|umgesetzt|eingerichtet|aufgebaut|w[uü]rdigt
        |gelobt|improved
        |completed|established|hoàn\ thành""",
    "tasks": _ASKED["tasks"]
    + r"""|m[uü]ss(?:e|en)?\b|soll(?:te|ten|en)?\b|gefordert|forderte|aufgefordert|beauftragt
        |schwerpunkt|konzentrieren\ sie
        |must|should|shall|tasked|phải|cần\b|yêu\ cầu""",
    "solutions": _ASKED["solutions"] + r"""|m[uü]ss(?:e|en)?\b|um\ .{5,80}\ zu\ \w+en|phải|cần\b""",
    "proposals": _ASKED["proposals"]
    + r"""|schlug\w*\b.*\bvor\b|forder(?:te|ten)|erfordert|sollte|angeregt|requested""",
    "participants": _ASKED["participants"]
    + r"""|leitete\b|unter\ (?:der\ )?(?:leitung|vorsitz)|vertreter|chaired|chủ\ trì""",
}
_FLAGS = re.IGNORECASE | re.VERBOSE
_ASKED_PATTERNS = {aspect: re.compile(_ASKED[aspect], _FLAGS) for aspect in ASPECTS if aspect in _ASKED}
_SAID_PATTERNS = {aspect: re.compile(_SAID[aspect], _FLAGS) for aspect in ASPECTS if aspect in _SAID}


def asked_aspect(question: str) -> Aspect | None:
    """The aspect a question asks for: the one named first, ``None`` when it asks for none."""
    found = [
        (match.start(), aspect) for aspect, p in _ASKED_PATTERNS.items() if (match := p.search(question))
    ]
    return min(found)[1] if found else None


def speaks_of(sentence: str, aspect: Aspect) -> bool:
    """Whether the words of a sentence tell the aspect."""
    return bool(_SAID_PATTERNS[aspect].search(sentence))
