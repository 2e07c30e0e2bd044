"""Text to vectors through sentence-transformers, the only way vectors are made here."""

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

from indexer.arrays import Vectors
from indexer.embedding import model_files
from indexer.embedding.embedder import Progress
from indexer.embedding.precision import cpu_has_bfloat16
from indexer.errors import ModelError, first_line

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 32
#: Questions from which on bfloat16 saves more than converting costs; one alone takes a quarter longer.
_WORTH_BFLOAT16 = 2
#: Texts handed to the model between two reports of progress.
_CHUNK = 8 * _BATCH
#: How tokenizers mark the beginning of a word: SentencePiece, byte-level BPE.
_WORD_MARKS = "▁Ġ"
#: Words whose pieces are kept.
_REMEMBERED = 1 << 16
#: Batches are padded to a multiple of so many tokens. torch keeps a kernel for each shape it has met: with
#: all lengths that occur they took a third of a gigabyte and more, with these a tenth of that.
_MULTIPLE = 8
#: Even a tokenizer of bytes has more.
_FEWEST_TOKENS = 256


class SentenceTransformerEmbedder:
    """An embedder over any model that sentence-transformers can load, on the CPU.

    Questions and passages get the model's own prompts (``query: `` / ``passage: `` for E5). Where the
    processor multiplies bfloat16 natively, the model runs under autocast: about three times faster,
    cosine to the float32 vectors above 0.999; the weights themselves stay float32.
    """

    def __init__(self, model: SentenceTransformer, name: str, digest: str, bfloat16: bool) -> None:
        self._model = model
        self._name = name
        self._digest = digest
        self._bfloat16 = bfloat16
        self._subwords = lru_cache(_REMEMBERED)(self._cut)
        # The tokenizer is set to pad for a batch and not to for a word: two threads must not share it.
        self._lock = threading.Lock()

    @classmethod
    def load(cls, model: str | None = None, bfloat16: bool | None = None) -> SentenceTransformerEmbedder:
        """Load ``model``, a folder or a hub id; by default the model described in ``default_model``.

        Args:
            bfloat16: autocast on or off; ``None`` asks the processor.

        Raises:
            ModelError: the model is not on this machine or not of a kind sentence-transformers knows.
        """
        name, folder = model_files.locate(model)
        _prepare_libraries()
        with ThreadPoolExecutor(max_workers=1) as pool:
            # Reading half a gigabyte takes as long as importing the libraries does: both at once.
            digesting = pool.submit(model_files.folder_digest, folder)
            try:
                from sentence_transformers import SentenceTransformer

                loaded = SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()
                _round_lengths(loaded)
                # The first call sets the tokenizer's padding and truncation, and threads must not do that.
                loaded.encode_query("", show_progress_bar=False)
            # torch, safetensors and tokenizers each raise kinds of their own.
            except Exception as error:
                raise ModelError(f"cannot load the model {name!r}: {first_line(error)}") from error
            if 0 < len(getattr(loaded, "tokenizer", ())) < _FEWEST_TOKENS:
                # transformers makes one without any words where the files are missing.
                raise ModelError(f"cannot load the model {name!r}: no tokenizer in {folder}")
            digest = digesting.result()
        return cls(loaded, name, digest, cpu_has_bfloat16() if bfloat16 is None else bfloat16)

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        """sha256 over weights, tokenizer and configuration: equal digests mean one vector space."""
        return self._digest

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def transformer(self) -> Any:
        """The network, for those that build on parts of it: a ``transformers`` model."""
        return self._model[0].auto_model

    @property
    def tokenizer(self) -> Any:
        """The network's tokenizer, of ``transformers``; it is set to pad and cut for every batch anew."""
        return self._model.tokenizer

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of shape ``(len(texts), dimension)``; ``progress`` is told how many texts are done.

        Texts longer than the model's window are cut by the model.
        """
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        # Texts of one length go together: padding is what costs time on a CPU.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        for chunk in (order[i : i + _CHUNK] for i in range(0, len(order), _CHUNK)):
            with self._lock, self._precision():
                vectors[chunk] = self._model.encode_document(
                    [texts[i] for i in chunk], batch_size=_BATCH, show_progress_bar=False
                )
            if progress:
                progress(len(chunk))
        return _unit(vectors)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape ``(len(texts), dimension)``."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        with self._lock, self._precision(bfloat16=len(texts) >= _WORTH_BFLOAT16):
            encoded = self._model.encode_query(list(texts), batch_size=_BATCH, show_progress_bar=False)
        return _unit(np.asarray(encoded, np.float32))

    def subwords(self, word: str) -> tuple[str, ...]:
        """The pieces that the model's tokenizer cuts a word into, without its marks of word boundaries."""
        return self._subwords(word)

    def _cut(self, word: str) -> tuple[str, ...]:
        pieces = (token.removeprefix("##").lstrip(_WORD_MARKS) for token in self._tokens(word))
        return tuple(piece for piece in pieces if piece)

    def _tokens(self, word: str) -> list[str]:
        tokenizer = getattr(self._model.tokenizer, "backend_tokenizer", None)
        if tokenizer is None or tokenizer.pre_tokenizer is None:
            with self._lock:
                return list(self._model.tokenizer.tokenize(word))
        # The same by its parts, which know nothing of padding: a word need not wait for a batch to be done.
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
        weights = self._halved if enabled else ()
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            try:
                for parameter, _, half in weights:
                    parameter.data = half
                yield
            finally:
                for parameter, full, _ in weights:
                    parameter.data = full

    @cached_property
    def _halved(self) -> list[tuple[Any, Any, Any]]:
        """The weights that autocast would convert to bfloat16 in every call, converted once: parameter, its
        numbers, and the same in bfloat16. A tenth of the model's size, for 10 ms of every call."""
        import torch

        layers = (module for module in self._model.modules() if isinstance(module, torch.nn.Linear))
        parameters = [parameter for layer in layers for parameter in layer.parameters()]
        return [(parameter, parameter.data, parameter.data.to(torch.bfloat16)) for parameter in parameters]


def _prepare_libraries() -> None:
    """Keep the libraries' loading bars and reports off the terminal; our own output is one bar."""
    # Threads that wait for each other asleep, not in busy loops: on a loaded machine with few cores the
    # loops took more than half of the time. Read by OpenMP when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    for name in ("transformers", "sentence_transformers", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _round_lengths(model: SentenceTransformer) -> None:
    """Let the model's tokenizer pad to multiples, where it is one of a kind that can."""
    options = getattr(model[0], "processing_kwargs", None)
    if options is not None:
        options["text"] = {"pad_to_multiple_of": _MULTIPLE, **options.get("text", {})}


def _unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; autocast leaves them a little off."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, np.maximum(norms, 1e-12), dtype=np.float32)
    return unit
