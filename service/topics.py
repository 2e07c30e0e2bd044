"""What an act is on, in the words in which the documents introduce it.

"Resolution Nr. 57 des Politbüros zu Durchbrüchen in der wissenschaftlichen und technologischen
Entwicklung …": the words after the mention are the act's title. A sentence that uses them is about the act
even where its number stands paragraphs away.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from indexer import analyzer
from indexer.language import Language

#: From the mention to its title: who issued it, of when, then the word that opens the title.
_OPENING = re.compile(
    r"""\s*(?:-?\w{2,4}/\w{2,4}\s*)?
        (?:(?:des|der|von|vom|of|the|by|của|ngày)\s+[\w. ]{1,60}?\s*)?,?\s*
        (?:\(|zum\ Thema|zur?\b|zum\b|über\b|betreffend|on\b|about\b|concerning\b|về\b|[„“"«])""",
    re.VERBOSE,
)
_TITLE = re.compile(r"[^.;:!?|]{8,220}")
#: Where a title is over: at the verb of its sentence, or at a subordinate clause.
_END = re.compile(
    r"\b(?:wird|werden|wurden?|worden|ist|sind|war|waren|hat|haben|hatte|kann|können|soll\w*|muss|müssen|erforder\w+"
    r"|hielt\w*|is|are|was|were|has|have|will|shall|should|requires?|được|đã|sẽ|đang)\b"
    r"|,\s+(?:damit|dass|wobei|so|which|that)\b",
)
#: "zur Umsetzung der Resolution Nr. 39": the act serves another one, whose title this is not.
_SERVING = re.compile(
    r"\s*(?:(?:weitere[nr]?|die|der|the|further)\s+)*"
    r"(?:umsetzung|durchführung|implement\w*|carrying out|thực hiện|triển khai)\b",
    re.IGNORECASE,
)
#: A title of fewer different words says too little to know it by.
_FEWEST = 3
#: Words that appear in more of the titles than this are the form of titles, not their matter.
_COMMON = 0.5


@dataclass(frozen=True, slots=True)
class Topic:
    """Stems of an act's titles with their weights, which sum to 1."""

    weights: dict[str, float]

    def share(self, stems: frozenset[str]) -> float:
        """Share of the title's weight that a sentence's stems cover, 0 to 1."""
        return sum(weight for stem, weight in self.weights.items() if stem in stems)


def title_after(text: str, end: int) -> str:
    """The title that follows a mention ending at ``end``, empty where none follows."""
    opening = _OPENING.match(text, end)
    title = _TITLE.match(text, opening.end()) if opening else None
    if title is None or _SERVING.match(title[0]):
        return ""
    end_of_title = _END.search(title[0])
    return title[0][: end_of_title.start()] if end_of_title else title[0]


def stems(text: str, language: Language) -> frozenset[str]:
    """Stems of a text's content words, of four letters or more."""
    return frozenset(stem for stem in analyzer.content_stems(text, language) if len(stem) >= 4)


def topics(titles: Iterable[tuple[str, str, Language]]) -> dict[str, Topic]:
    """Topics by key, from ``(key, title, language)``; words of few titles weigh more."""
    counts: dict[str, Counter[str]] = {}
    for key, title, language in titles:
        counts.setdefault(key, Counter()).update(stems(title, language))
    spread = Counter(stem for found in counts.values() for stem in found)
    known: dict[str, Topic] = {}
    for key, found in counts.items():
        weights = {
            stem: math.log1p(len(counts) / spread[stem]) * (1 + math.log(count))
            for stem, count in found.items()
            if len(counts) < 4 or spread[stem] <= _COMMON * len(counts)
        }
        total = sum(weights.values())
        if len(weights) >= _FEWEST:
            known[key] = Topic({stem: weight / total for stem, weight in weights.items()})
    return known
