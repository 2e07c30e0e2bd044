"""Stand-ins for what is slow: an embedder that hashes words, a cross-encoder with given scores."""

import hashlib
import re
from collections.abc import Callable, Sequence

import numpy as np

from indexer.arrays import Vectors
from indexer.embedding.embedder import Progress
from indexer.text.normalization import fold
from service.reranking.cross_encoder import PairScore, TextSpans


class FakeEmbedder:
    """Bags of folded words hashed into a few dimensions: texts that share words are near each other.

    ``texts`` keeps every passage text in the order it was embedded, ``questions`` every question;
    ``calls`` counts the calls of either kind. ``fail_after`` raises ``error`` once so many passage texts
    were embedded.
    """

    def __init__(
        self,
        name: str = "fake",
        dimension: int = 64,
        *,
        fail_after: int | None = None,
        error: BaseException | None = None,
    ) -> None:
        self._name = name
        self._dimension = dimension
        self._fail_after = fail_after
        self._error = error or RuntimeError("the model broke")
        self.texts: list[str] = []
        self.questions: list[str] = []
        self.calls = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self._name} {self._dimension}".encode()).hexdigest()

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.calls += 1
        for text in texts:
            if self._fail_after is not None and len(self.texts) >= self._fail_after:
                raise self._error
            self.texts.append(text)
            if progress:
                progress(1)
        return self._vectors(texts)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        self.questions.extend(texts)
        return self._vectors(texts)

    def subwords(self, word: str) -> tuple[str, ...]:
        """Pieces of five letters."""
        return tuple(word[start : start + 5] for start in range(0, len(word), 5))

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", fold(text)) or [text]:
                seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:4], "big")
                row += np.random.default_rng(seed).standard_normal(self._dimension, np.float32)
            row /= np.linalg.norm(row)
        return vectors


class FakeCrossEncoder:
    """Scores a pair, and each span of its text, by a function of question and text.

    ``asked`` holds every pair in the order it was scored.
    """

    name = "fake"
    digest = "fake"

    def __init__(self, log_odds: Callable[[str, str], float], *, spans: bool = True) -> None:
        self._log_odds = log_odds
        self._spans = spans
        self.asked: list[tuple[str, str]] = []

    def score(
        self, questions: Sequence[str], texts: Sequence[str], spans: Sequence[TextSpans]
    ) -> list[PairScore]:
        self.asked += zip(questions, texts, strict=True)
        return [
            PairScore(
                self._log_odds(question, text),
                tuple(self._log_odds(question, text[start:end]) for start, end in of) if self._spans else (),
            )
            for question, text, of in zip(questions, texts, spans, strict=True)
        ]
