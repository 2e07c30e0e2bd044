"""TODO docstring."""

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


def speaks_of_reports(question: Question) -> bool:
    """Whether a question is from the reports' world: it names an act, a province, a person or a body of it.

    Outside it the words of the glossary mean other things.
    """
    return bool(question.keys or question.places or question.persons or _BODIES.search(fold(question.read)))


def collects(question: Question) -> bool:
    """Whether a question wants all that is said, not the one best place."""
    return (
        question.aspect is not None
        and question.aspect != "causes"
        and (asks_for_several(question.read) or bool(question.keys))
    )
