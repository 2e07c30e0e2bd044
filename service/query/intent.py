"""Intent of a question: a list or one fact, about the reports or not."""

from __future__ import annotations

import re

from indexer.text.normalization import fold
from service.query.aspect_intent import asks_for_several
from service.query.question import Question

#: Bodies and offices of the reports, folded, in three languages.
_BODIES = re.compile(
    r"\b(?:partei|party|dang (?:uy|vien|bo)|cap uy|komitee|committee|ban chap hanh|ban thuong vu"
    r"|resolution\w*|nghi quyet|politb\w*|bo chinh tri|massenmobili\w*|mass mobili\w*|dan van"
    r"|kader|cadres?|can bo|propagand\w*|tuyen giao"
    r"|arbeitsgruppe|working group|doan kiem tra|provinz\w*|provinc\w*|tinh uy|genoss\w*|comrade|dong chi)"
)


def is_domain_question(question: Question) -> bool:
    """True if a question names a reference, a province, a person or a body of the reports.

    In other questions the words of the glossary mean other things.
    """
    named = question.keys or question.places or question.persons
    return bool(named or _BODIES.search(fold(question.normalized_text)))


def is_list_question(question: Question) -> bool:
    """True if a question asks for all that is said of an aspect, not for one fact."""
    return (
        question.aspect is not None
        and question.aspect != "causes"
        and (asks_for_several(question.normalized_text) or bool(question.keys))
    )
