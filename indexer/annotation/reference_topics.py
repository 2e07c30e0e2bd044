"""What an act is on, in the words in which the documents introduce it.

"Resolution Nr. 57 des Politbüros zu Durchbrüchen in der wissenschaftlichen und technologischen
Entwicklung …": the words after the mention are the act's title. A sentence that uses them is about the act
even where its number stands paragraphs away.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from indexer.analysis import analyzer
from indexer.text.languages import Language

#: From the mention to its title: who issued it, of when, then the word that opens the title.
_OPENING = re.compile(
    r"""[ ]?(?:-?\w{2,4}/\w{2,4}[ ]?)?
        (?:(?:des|der|von|vom|of|the|by|của|ngày)[ ][\w. ]{1,60}?)?,?[ ]?
        (?:\(|zum\ Thema|zur?\b|zum\b|über\b|betreffend|on\b|about\b|concerning\b|về\b|[„“"«])""",
    re.VERBOSE,
)
_TITLE = re.compile(r"[^.;:!?|\n]{8,220}")  # never beyond its line: headings end without a full stop
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
#: Words that appear in more of the sentences than this, but at least in so many, tell no matter either.
_EVERYDAY, _AT_LEAST = 0.25, 3


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


@dataclass(frozen=True, slots=True)
class Topics:
    """What the acts of a corpus are on, by key, and the stems that its sentences use all the time."""

    by_key: Mapping[str, Topic]
    everyday: frozenset[str]
    #: Acts whose titles use a stem: of hundreds of acts a sentence recalls few.
    using: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, titles: Iterable[tuple[str, str, Language]], sentences: Iterable[frozenset[str]]) -> Topics:
        """Topics from ``(key, title, language)`` and the stems of each sentence of the documents naming acts.

        Words of few titles weigh more, everyday words nothing.
        """
        used: Counter[str] = Counter()
        total = 0
        for words in sentences:
            used.update(words)
            total += 1
        most = max(_AT_LEAST, int(_EVERYDAY * total))
        everyday = frozenset(stem for stem, count in used.items() if count > most)
        counts: dict[str, Counter[str]] = {}
        for key, title, language in titles:
            counts.setdefault(key, Counter()).update(stems(title, language))
        spread = Counter(stem for found in counts.values() for stem in found)
        known: dict[str, Topic] = {}
        for key, found in counts.items():
            weights = {
                stem: math.log1p(len(counts) / spread[stem]) * (1 + math.log(count))
                for stem, count in found.items()
                if stem not in everyday and (len(counts) < 4 or spread[stem] <= _COMMON * len(counts))
            }
            total_weight = sum(weights.values())
            if len(weights) >= _FEWEST:
                known[key] = Topic({stem: weight / total_weight for stem, weight in weights.items()})
        using: dict[str, list[str]] = {}
        for key, topic in known.items():
            for stem in topic.weights:
                using.setdefault(stem, []).append(key)
        return cls(known, everyday, using)

    def best(self, words: frozenset[str]) -> tuple[str | None, float]:
        """The act whose title a sentence's stems cover most, with the share; none where two are level."""
        recalled = {key for stem in words for key in self.using.get(stem, ())}
        shares = sorted(((self.by_key[key].share(words), key) for key in recalled), reverse=True)
        if not shares or (len(shares) > 1 and shares[1][0] == shares[0][0]):
            return None, 0.0
        return shares[0][1], shares[0][0]
