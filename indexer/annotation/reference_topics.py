"""Topics of numbered references: the weighted stems of the titles with which documents introduce them.

"Resolution Nr. 57 des Politbüros zu Durchbrüchen in der wissenschaftlichen und technologischen Entwicklung
…": the words after the mention are the title. A sentence that uses them is about the reference even where its
number is paragraphs away.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from indexer.analysis import analyzer
from indexer.text.languages import Language


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """Limits for informative stems of titles, by hand on the development reports (docs/adr/0007)."""

    #: by hand: a title of fewer different stems does not identify its reference.
    min_stems: int = 3
    #: by hand: stems in more than this share of the titles belong to the form of titles ...
    max_title_share: float = 0.5
    #: by hand: ... where there are at least so many titled references to compare.
    min_titles: int = 4
    #: by hand: stems in more than this share of the sentences are everyday words ...
    max_sentence_share: float = 0.25
    #: by hand: ... if they are in more than so many sentences.
    min_sentences: int = 3
    #: by hand: shorter stems are function words or too ambiguous.
    min_stem_length: int = 4


SETTINGS = TopicSettings()

#: From the mention to its title: issuer and date, then the word that opens the title.
_TITLE_OPENING = re.compile(
    r"""[ ]?(?:-?\w{2,4}/\w{2,4}[ ]?)?
        (?:(?:des|der|von|vom|of|the|by|của|ngày)[ ][\w. ]{1,60}?)?,?[ ]?
        (?:\(|zum\ Thema|zur?\b|zum\b|über\b|betreffend|on\b|about\b|concerning\b|về\b|[„“"«])""",
    re.VERBOSE,
)
_TITLE = re.compile(r"[^.;:!?|\n]{8,220}")  # never beyond its line: headings end without a full stop
#: A title ends at the verb of its sentence or at a subordinate clause.
_TITLE_END = re.compile(
    r"\b(?:wird|werden|wurden?|worden|ist|sind|war|waren|hat|haben|hatte|kann|können|soll\w*|muss|müssen|erforder\w+"
    r"|hielt\w*|is|are|was|were|has|have|will|shall|should|requires?|được|đã|sẽ|đang)\b"
    r"|,\s+(?:damit|dass|wobei|so|which|that)\b",
)
#: "zur Umsetzung der Resolution Nr. 39": the title is that of another reference, which the first one
#: implements.
_IMPLEMENTS = re.compile(
    r"\s*(?:(?:weitere[nr]?|die|der|the|further)\s+)*"
    r"(?:umsetzung|durchführung|implement\w*|carrying out|thực hiện|triển khai)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Topic:
    """Stems of a reference's titles with their weights, which sum to 1."""

    weights: dict[str, float]

    def coverage(self, stems: frozenset[str]) -> float:
        """Share of the title's weight that a sentence's stems cover, from 0 to 1."""
        return sum(weight for stem, weight in self.weights.items() if stem in stems)


def title_after(text: str, end: int) -> str:
    """The title that follows a mention ending at ``end``; empty where none follows."""
    opening = _TITLE_OPENING.match(text, end)
    title = _TITLE.match(text, opening.end()) if opening else None
    if title is None or _IMPLEMENTS.match(title[0]):
        return ""
    title_end = _TITLE_END.search(title[0])
    return title[0][: title_end.start()] if title_end else title[0]


def topic_stems(text: str, language: Language) -> frozenset[str]:
    """Stems of a text's content words, without short ones."""
    stems = analyzer.content_stems(text, language)
    return frozenset(stem for stem in stems if len(stem) >= SETTINGS.min_stem_length)


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics of the references of a corpus.

    Attributes:
        by_key: the topic of each reference with a title that identifies it.
        everyday_stems: stems that the corpus's sentences use all the time.
        keys_by_stem: references whose topic has a stem; a sentence matches few of hundreds.
    """

    by_key: Mapping[str, Topic]
    everyday_stems: frozenset[str]
    keys_by_stem: Mapping[str, Sequence[str]]

    @classmethod
    def build(
        cls,
        titles: Iterable[tuple[str, str, Language]],
        sentences: Iterable[frozenset[str]],
        settings: TopicSettings = SETTINGS,
    ) -> Topics:
        """Topics from the titles of a corpus; stems of few titles weigh more, everyday stems nothing.

        Args:
            titles: ``(key, title, language)`` of each mention; an empty title counts as none.
            sentences: stems of each sentence of the documents with references.
        """
        everyday = _everyday_stems(sentences, settings)
        counts: dict[str, Counter[str]] = {}
        for key, title, language in titles:
            counts.setdefault(key, Counter()).update(topic_stems(title, language))
        title_frequency = Counter(stem for stems in counts.values() for stem in stems)
        most_titles = (
            settings.max_title_share * len(counts) if len(counts) >= settings.min_titles else math.inf
        )
        excluded = everyday | {stem for stem, count in title_frequency.items() if count > most_titles}
        by_key: dict[str, Topic] = {}
        keys_by_stem: dict[str, list[str]] = {}
        for key, stems in counts.items():
            weights = {
                stem: math.log1p(len(counts) / title_frequency[stem]) * (1 + math.log(count))
                for stem, count in stems.items()
                if stem not in excluded
            }
            if len(weights) < settings.min_stems:
                continue
            total = sum(weights.values())
            by_key[key] = Topic({stem: weight / total for stem, weight in weights.items()})
            for stem in weights:
                keys_by_stem.setdefault(stem, []).append(key)
        return cls(by_key, everyday, keys_by_stem)

    def best(self, stems: frozenset[str]) -> tuple[str | None, float]:
        """The reference whose title a sentence's stems cover most, and the share; ``None`` for a tie."""
        keys = {key for stem in stems for key in self.keys_by_stem.get(stem, ())}
        ranked = sorted(((self.by_key[key].coverage(stems), key) for key in keys), reverse=True)
        if not ranked or (len(ranked) > 1 and ranked[1][0] == ranked[0][0]):
            return None, 0.0
        return ranked[0][1], ranked[0][0]


def _everyday_stems(sentences: Iterable[frozenset[str]], settings: TopicSettings) -> frozenset[str]:
    frequency: Counter[str] = Counter()
    total = 0
    for stems in sentences:
        frequency.update(stems)
        total += 1
    most = max(settings.min_sentences, int(settings.max_sentence_share * total))
    return frozenset(stem for stem, count in frequency.items() if count > most)
