"""What the kinds of evidence weigh against each other, by language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).with_name("fusion_weights.json")


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence adds to a passage's score, in units of cosine.

    ``lexical`` is the weight of BM25 as a share of the most the question could reach (0 to 1);
    ``reference`` is added when the passage names an act of the question, half of it when only its
    document does; ``place`` and ``date`` when the document is about a province of the question, or was
    published in a period it names. These three are set by hand: enough to part passages that are alike.
    """

    passage: float
    sentence: float
    lexical: float
    reference: float = 0.06
    place: float = 0.03
    date: float = 0.02


@dataclass(frozen=True, slots=True)
class WeightsByLanguage:
    """Weights of passages in the question's language, which may trust its words, and in another.

    Across languages only names, numbers and shared words match at all.
    """

    same: Weights
    other: Weights

    @classmethod
    @cache
    def load(cls) -> WeightsByLanguage:
        """The weights fitted by ``python -m eval fit``."""
        fitted = json.loads(WEIGHTS.read_text("utf-8"))
        names = ("passage", "sentence", "lexical")
        same, other = (
            Weights(*(float(fitted[side][name]) for name in names))
            for side in ("same_language", "other_language")
        )
        return cls(same, other)
