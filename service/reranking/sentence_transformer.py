"""Any cross-encoder of sentence-transformers with one output."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import torch

from indexer.embedding import model_files
from indexer.embedding.precision import cpu_has_bfloat16
from indexer.errors import ModelError, first_line
from service.reranking.cross_encoder import PairScore, TextSpans
from service.reranking.pair_encoding import PAIR

_BATCH = 32


class SentenceTransformerCrossEncoder:
    """Gives relevance only: such models locate no answers. Threads that share it take turns."""

    def __init__(self, model: Any, name: str, digest: str) -> None:
        self._model = model
        self._name = name
        self._digest = digest
        self._lock = threading.Lock()

    @classmethod
    def load(cls, model: str) -> SentenceTransformerCrossEncoder:
        """Load a folder or a hub id.

        Raises:
            ModelError: it is not on this machine, or is no cross-encoder with one output.
        """
        name, folder = model_files.locate(model)
        try:
            from sentence_transformers import CrossEncoder

            loaded = CrossEncoder(str(folder), device="cpu", local_files_only=True, max_length=PAIR)
            outputs = int(loaded.num_labels)
        # torch, safetensors and tokenizers each raise errors of their own classes.
        except Exception as error:
            raise ModelError(f"cannot load the cross-encoder {name!r}: {first_line(error)}") from error
        if outputs != 1:
            raise ModelError(
                f"cannot load the cross-encoder {name!r}: it has {outputs} outputs, one is needed"
            )
        return cls(loaded, name, model_files.folder_digest(folder))

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        """sha256 over its weights, tokenizer and configuration."""
        return self._digest

    def score(
        self, questions: Sequence[str], texts: Sequence[str], spans: Sequence[TextSpans]
    ) -> list[PairScore]:
        """One score for each question and its text; the spans are not used."""
        del spans
        if not texts:
            return []
        with self._lock, torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
            scores = self._model.predict(
                list(zip(questions, texts, strict=True)),
                batch_size=_BATCH,
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
            )
        return [PairScore(float(value)) for value in scores]
