"""Weights of the linear score fusion, by language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

#: Fitted: ``python -m eval fit``, which also writes the figures of the fit into the file (docs/adr/0001).
FUSION_WEIGHTS = Path(__file__).with_name("fusion_weights.json")


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """Weights of the features in a passage's score, in units of cosine."""

    #: Fitted: ``python -m eval fit``, docs/adr/0001. Cosine of the passage.
    passage: float
    #: Fitted with it. Cosine of the passage's best sentence.
    sentence: float
    #: Fitted with it. BM25 as a share of the most that the question could reach, 0 to 1.
    lexical: float
    #: By hand, like the two below: enough to separate passages that are alike. The passage names a reference
    #: of the question; half of it if only its document does.
    reference: float = 0.06
    #: By hand. The document is about a province of the question.
    place: float = 0.03
    #: By hand. The document was published in a period of the question.
    date: float = 0.02


@dataclass(frozen=True, slots=True)
class FusionWeightsByLanguage:
    """Weights of passages in the question's language, where words count, and in another.

    Across languages only names, numbers and shared words match at all.
    """

    same: FusionWeights
    other: FusionWeights

    @classmethod
    def load(cls, path: Path = FUSION_WEIGHTS) -> FusionWeightsByLanguage:
        """Read fitted weights, by default the committed ones."""
        fitted = json.loads(path.read_text("utf-8"))
        names = ("passage", "sentence", "lexical")
        same, other = (
            FusionWeights(*(float(fitted[side][name]) for name in names))
            for side in ("same_language", "other_language")
        )
        return cls(same, other)
