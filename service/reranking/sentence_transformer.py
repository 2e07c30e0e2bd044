"""A reader that is any cross-encoder of sentence-transformers with one output."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import torch

from indexer.embedding import model_files
from indexer.embedding.precision import cpu_has_bfloat16
from indexer.errors import ModelError, first_line
from service.reranking.cross_encoder import Parts, Reading
from service.reranking.pair_encoding import PAIR

_BATCH = 32


class CrossEncoderReader:
    """Relevance only: cross-encoders know no places. Safe to share between threads, which take turns."""

    def __init__(self, model: Any, name: str, digest: str) -> None:
        self._model = model
        self._name = name
        self._digest = digest
        self._lock = threading.Lock()

    @classmethod
    def load(cls, model: str) -> CrossEncoderReader:
        """Load a folder or a hub id.

        Raises:
            ModelError: it is not on this machine, or no cross-encoder with one output.
        """
        name, folder = model_files.locate(model)
        try:
            from sentence_transformers import CrossEncoder

            loaded = CrossEncoder(str(folder), device="cpu", local_files_only=True, max_length=PAIR)
            outputs = int(loaded.num_labels)
        # torch, safetensors and tokenizers each raise kinds of their own.
        except Exception as error:
            raise ModelError(f"cannot load the reader {name!r}: {first_line(error)}") from error
        if outputs != 1:
            raise ModelError(f"cannot load the reader {name!r}: it has {outputs} outputs, a reader has one")
        return cls(loaded, name, model_files.folder_digest(folder))

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        """sha256 over its weights, tokenizer and configuration."""
        return self._digest

    def read(self, questions: Sequence[str], texts: Sequence[str], parts: Sequence[Parts]) -> list[Reading]:
        """One reading for each question and the text beside it; the parts are not looked at."""
        del parts
        if not texts:
            return []
        with self._lock, torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
            said = self._model.predict(
                list(zip(questions, texts, strict=True)),
                batch_size=_BATCH,
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
            )
        return [Reading(float(value)) for value in said]
