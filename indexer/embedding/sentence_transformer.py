"""Embedder over models of sentence-transformers."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.arrays import Vectors, unit_rows
from indexer.embedding import model_files
from indexer.embedding.embedder import Progress
from indexer.embedding.precision import cpu_has_bfloat16
from indexer.errors import ModelError, first_line

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 32
#: Questions from which on bfloat16 saves more than the conversion costs; a single one would take a quarter
#: longer.
_MIN_QUESTIONS_BFLOAT16 = 2
#: Texts embedded between two progress reports.
_CHUNK = 8 * _BATCH
#: Marks of the beginning of a word: of SentencePiece and of byte-level BPE.
_WORD_MARKS = "▁Ġ"
#: Words whose subwords are cached.
_CACHED_WORDS = 1 << 16
#: Batches are padded to a multiple of so many tokens. torch keeps a kernel for each shape: for all lengths
#: that occur they took over a third of a gigabyte, for these a tenth of that.
_PADDING_MULTIPLE = 8
#: Tokens of the smallest real vocabulary; a tokenizer of bytes has as many.
_MIN_VOCABULARY = 256


class SentenceTransformerEmbedder:
    """An embedder over any model that sentence-transformers can load, on the CPU.

    Questions and passages get the model's own prompts (``query: `` / ``passage: `` for E5). Where the
    processor multiplies bfloat16 natively, the model runs under autocast: about three times faster, with a
    cosine above 0.999 to the float32 vectors. The weights stay float32.
    """

    def __init__(self, model: SentenceTransformer, name: str, digest: str, bfloat16: bool) -> None:
        self._model = model
        self._name = name
        self._digest = digest
        self._bfloat16 = bfloat16
        self._subwords = lru_cache(_CACHED_WORDS)(self._split)
        # The tokenizer pads for a batch and not for a word: two threads must not use it at once.
        self._lock = threading.Lock()

    @classmethod
    def load(cls, model: str | None = None, bfloat16: bool | None = None) -> SentenceTransformerEmbedder:
        """Load a model.

        Args:
            model: a folder or a hub id; ``None`` for the default model.
            bfloat16: autocast on or off; ``None`` for on if the processor supports it.

        Raises:
            ModelError: the model is not on this machine, or sentence-transformers cannot load it.
        """
        name, folder = model_files.locate(model)
        _prepare_libraries()
        with ThreadPoolExecutor(max_workers=1) as pool:
            # Reading half a gigabyte takes as long as importing the libraries: both run at once.
            digesting = pool.submit(model_files.folder_digest, folder)
            try:
                from sentence_transformers import SentenceTransformer

                loaded = SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()
                _round_lengths(loaded)
                # The first call sets the tokenizer's padding and truncation, which threads must not do.
                loaded.encode_query("", show_progress_bar=False)
            # torch, safetensors and tokenizers each raise errors of their own.
            except Exception as error:
                raise ModelError(f"cannot load the model {name!r}: {first_line(error)}") from error
            if 0 < len(getattr(loaded, "tokenizer", ())) < _MIN_VOCABULARY:
                # Where its files are missing, transformers makes a tokenizer without a vocabulary.
                raise ModelError(f"cannot load the model {name!r}: no tokenizer in {folder}")
            digest = digesting.result()
        return cls(loaded, name, digest, cpu_has_bfloat16() if bfloat16 is None else bfloat16)

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        """The sha256 over weights, tokenizer and configuration; equal digests mean one vector space."""
        return self._digest

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def model(self) -> SentenceTransformer:
        """The model of sentence-transformers."""
        return self._model

    @property
    def transformer(self) -> Any:
        """The network, a ``transformers`` model, for users that build on parts of it."""
        return self._model[0].auto_model

    @property
    def tokenizer(self) -> Any:
        """The network's ``transformers`` tokenizer; every batch sets its padding and truncation."""
        return self._model.tokenizer

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of shape ``(len(texts), dimension)``; the model truncates texts longer than its window.

        Args:
            progress: called with the number of texts embedded since the last call.
        """
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        # Texts of equal length are batched: on a CPU, padding costs time.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        for chunk in (order[i : i + _CHUNK] for i in range(0, len(order), _CHUNK)):
            with self._lock, self._precision():
                vectors[chunk] = self._model.encode_document(
                    [texts[i] for i in chunk], batch_size=_BATCH, show_progress_bar=False
                )
            if progress:
                progress(len(chunk))
        return unit_rows(vectors)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape ``(len(texts), dimension)``."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        with self._lock, self._precision(bfloat16=len(texts) >= _MIN_QUESTIONS_BFLOAT16):
            encoded = self._model.encode_query(list(texts), batch_size=_BATCH, show_progress_bar=False)
        return unit_rows(np.asarray(encoded, np.float32))

    def subwords(self, word: str) -> tuple[str, ...]:
        """The pieces into which the model's tokenizer splits a word, without marks of word boundaries."""
        return self._subwords(word)

    def _split(self, word: str) -> tuple[str, ...]:
        pieces = (token.removeprefix("##").lstrip(_WORD_MARKS) for token in self._tokens(word))
        return tuple(piece for piece in pieces if piece)

    def _tokens(self, word: str) -> list[str]:
        tokenizer = getattr(self._model.tokenizer, "backend_tokenizer", None)
        if tokenizer is None or tokenizer.pre_tokenizer is None:
            with self._lock:
                return list(self._model.tokenizer.tokenize(word))
        # The tokenizer's parts do not pad, so that a word need not wait for the lock.
        text = tokenizer.normalizer.normalize_str(word) if tokenizer.normalizer else word
        return [
            token.value
            for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)
            for token in tokenizer.model.tokenize(piece)
        ]

    @contextlib.contextmanager
    def _precision(self, bfloat16: bool = True) -> Iterator[None]:
        import torch

        enabled = self._bfloat16 and bfloat16
        weights = self._half_weights if enabled else ()
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            try:
                for parameter, _, half in weights:
                    parameter.data = half
                yield
            finally:
                for parameter, full, _ in weights:
                    parameter.data = full

    @cached_property
    def _half_weights(self) -> list[tuple[Any, Any, Any]]:
        """Parameter, float32 weights, and bfloat16 weights of each linear layer.

        autocast would convert them in every call; for a tenth of the model's size this saves 10 ms a call.
        """
        import torch

        layers = (module for module in self._model.modules() if isinstance(module, torch.nn.Linear))
        parameters = [parameter for layer in layers for parameter in layer.parameters()]
        return [(parameter, parameter.data, parameter.data.to(torch.bfloat16)) for parameter in parameters]


def _prepare_libraries() -> None:
    """Keep the libraries' progress bars and reports off the terminal, and their threads out of busy loops."""
    # On a loaded machine with few cores, busy loops took more than half of the time. OpenMP reads this when
    # torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    for name in ("transformers", "sentence_transformers", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _round_lengths(model: SentenceTransformer) -> None:
    """Make the model's tokenizer pad to multiples, if it supports that."""
    options = getattr(model[0], "processing_kwargs", None)
    if options is not None:
        options["text"] = {"pad_to_multiple_of": _PADDING_MULTIPLE, **options.get("text", {})}
