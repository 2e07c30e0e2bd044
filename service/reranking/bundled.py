"""The bundled cross-encoder: layers from a file, embeddings and tokenizer of the default model."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open

from indexer.embedding.precision import cpu_has_bfloat16
from indexer.errors import ModelError, first_line
from service.reranking.cross_encoder import PairScore, TextSpans
from service.reranking.network import CrossEncoderNetwork, span_score
from service.reranking.pair_encoding import Pair, PairEncoder, padded

if TYPE_CHECKING:
    from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder

WEIGHTS = Path(__file__).with_name("weights.safetensors")
#: In the metadata of the weights: digest of the model whose embeddings they were trained on.
BASE = "base"
#: Tokens of a batch, padding included.
_TOKENS = 4096


class BundledCrossEncoder:
    """Scores pairs in batches of about one length, in bfloat16 where the processor has it.

    Safe to share between threads, which take turns.
    """

    def __init__(
        self, network: CrossEncoderNetwork, pairs: PairEncoder, name: str, digest: str, bfloat16: bool
    ) -> None:
        self.network = network.eval()
        self._pairs = pairs
        self._name = name
        self._digest = digest
        self._bfloat16 = bfloat16
        self._lock = threading.Lock()

    @classmethod
    def load(
        cls,
        weights: Path = WEIGHTS,
        base: SentenceTransformerEmbedder | None = None,
        bfloat16: bool | None = None,
    ) -> BundledCrossEncoder:
        """Load the weights over the default model of this machine.

        Args:
            base: an embedder in use. If it is the default model, its embeddings and tokenizer are shared.

        Raises:
            ModelError: the weights are missing or do not fit, or the default model is not there.
        """
        use = cpu_has_bfloat16() if bfloat16 is None else bfloat16
        try:
            with safe_open(weights, "pt") as file:
                trained_on = (file.metadata() or {}).get(BASE)
                # Stored in the precision they are used in: autocast would convert them in every call.
                precisions = {name: _precision(name, use) for name in file.keys()}  # noqa: SIM118
                stored = {name: file.get_tensor(name).to(precision) for name, precision in precisions.items()}
        except (OSError, SafetensorError) as error:
            raise ModelError(f"cannot load the cross-encoder {weights}: {first_line(error)}") from error
        base = base if base is not None and base.digest == trained_on else _default_model(weights, trained_on)
        try:
            network = CrossEncoderNetwork.from_stored(
                base.transformer.embeddings, base.transformer.config, stored
            )
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"cannot load the cross-encoder {weights}: {first_line(error)}") from error
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        return cls(
            network, PairEncoder(base.tokenizer), "own" if weights == WEIGHTS else weights.stem, digest, use
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        """sha256 of the weights."""
        return self._digest

    def score(
        self, questions: Sequence[str], texts: Sequence[str], spans: Sequence[TextSpans]
    ) -> list[PairScore]:
        """One score for each question and its text, with a span score for each of the text's spans."""
        with self._lock:
            pairs = self._pairs.pairs(questions, texts)
            order = sorted(range(len(pairs)), key=lambda i: -len(pairs[i].ids))
            found: dict[int, PairScore] = {}
            while order:
                rows = max(1, _TOKENS // len(pairs[order[0]].ids))
                batch, order = order[:rows], order[rows:]
                scores = self._score_batch([pairs[i] for i in batch], [spans[i] for i in batch])
                found.update(zip(batch, scores, strict=True))
        return [found[i] for i in range(len(texts))]

    def _score_batch(self, pairs: Sequence[Pair], spans: Sequence[TextSpans]) -> list[PairScore]:
        ids, mask = (torch.tensor(values) for values in padded(pairs, self._pairs.padding))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
            relevance, starts, ends = (values.float().numpy() for values in self.network(ids, mask))
        scores = []
        for row, (pair, wanted) in enumerate(zip(pairs, spans, strict=True)):
            span_scores = []
            for start, end in wanted:
                tokens = enumerate(pair.spans, pair.first)
                inside = [n for n, (low, high) in tokens if low < end and high > start]
                found = span_score(starts[row], ends[row], inside[0], inside[-1]) if inside else -math.inf
                span_scores.append(found)
            scores.append(PairScore(float(relevance[row]), tuple(span_scores)))
        return scores


def _precision(name: str, bfloat16: bool) -> torch.dtype:
    return torch.float32 if "LayerNorm" in name or not bfloat16 else torch.bfloat16


def _default_model(weights: Path, trained_on: str | None) -> SentenceTransformerEmbedder:
    from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder

    base = SentenceTransformerEmbedder.load()
    if base.digest != trained_on:
        raise ModelError(
            f"cannot load the cross-encoder {weights}: it was trained on the model "
            f"{(trained_on or 'of no digest')[:16]}, the default model here is {base.digest[:16]}; "
            "`--reader off` works without it"
        )
    return base
