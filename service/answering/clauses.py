"""Clauses of a long sentence: where a list between semicolons is quoted, only what answers is quoted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from indexer.annotation.aspect_cues import aspect_cues
from indexer.annotation.aspects import Aspect
from indexer.arrays import Scores, Vectors

#: Sentences up to so many characters are quoted whole.
LONG = 300
#: A clause that is shorter is no statement: "sowie Vertreter der Presse".
_SHORTEST = 40
#: By how much the clause that answers must stand out among the others, in cosine.
_STANDS_OUT = 0.06
#: About so many clauses are kept.
_KEPT = 4096

_CUT = re.compile(r";\s+")
#: What stands between quotation marks is never cut.
_QUOTED = re.compile(r"„[^“”\"]*[“”\"]|“[^”]*”|»[^«]*«|«[^»]*»|\"[^\"]*\"")
_LEAD = re.compile(r":\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Clauses:
    """Cuts sentences; ``embed`` gives a unit vector for each text, shape ``(n, dimension)``.

    What was embedded once is kept. Safe to use from several threads.
    """

    embed: Callable[[Sequence[str]], Vectors]
    _known: dict[str, Vectors] = field(default_factory=dict)

    def answering(
        self, sentence: str, similarity: Callable[[Vectors], Scores], aspect: Aspect | None
    ) -> tuple[int, int]:
        """``[start, end)`` in the sentence of what answers: the whole, or the one clause that does.

        Args:
            similarity: cosine of the question and each of some vectors.
            aspect: asked for; a list whose clauses all tell it stays whole.
        """
        spans = clauses(sentence)
        lead = sentence[: spans[0][0]]
        if len(sentence) <= LONG or len(spans) < 2 or (aspect is not None and aspect in aspect_cues(lead)):
            return 0, len(sentence)
        telling = [span for span in spans if aspect is None or aspect in aspect_cues(sentence[slice(*span)])]
        if aspect is not None and len(telling) != 1:
            return 0, len(sentence)
        if len(telling) == 1:
            return telling[0]
        scores = similarity(self._vectors([sentence[slice(*span)] for span in spans]))
        first, second = (int(row) for row in np.argsort(-scores)[:2])
        if scores[first] < scores[second] + _STANDS_OUT:
            return 0, len(sentence)
        return spans[first]

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        known = {text: vector for text in texts if (vector := self._known.get(text)) is not None}
        missing = [text for text in texts if text not in known]
        if missing:
            known.update(zip(missing, self.embed(missing), strict=True))
            if len(self._known) > _KEPT:
                self._known.clear()
            self._known.update(known)
        return np.stack([known[text] for text in texts])


def clauses(sentence: str) -> list[tuple[int, int]]:
    """Spans of the clauses that semicolons part, without white space; the lead-in before a colon is none."""
    quoted = [match.span() for match in _QUOTED.finditer(sentence)]
    cuts = [
        cut.span()
        for cut in _CUT.finditer(sentence)
        if not any(start < cut.start() < end for start, end in quoted)
    ]
    lead = _LEAD.search(sentence)
    start = lead.end() if lead and cuts and lead.end() < cuts[0][0] else 0
    starts, ends = [start, *(end for _, end in cuts)], [*(begin for begin, _ in cuts), len(sentence)]
    found = [(a, b) for a, b in zip(starts, ends, strict=True) if b - a >= _SHORTEST]
    return found if len(found) > 1 else [(0, len(sentence))]
