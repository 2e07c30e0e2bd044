"""The reader of our own: its layers from a file, embeddings and tokenizer of the default model."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from indexer import models
from indexer.embedder import cpu_has_bfloat16
from indexer.errors import ModelError
from service.reading import Reading
from service.reading.network import FROZEN, ReaderNetwork, best_place
from service.reading.pairs import Pair, Pairing, padded

WEIGHTS = Path(__file__).with_name("weights.safetensors")
#: Tokens read at once, padding included.
_TOKENS = 8192


class LocalReader:
    """Reads pairs in batches of about one length, in bfloat16 where the processor has it.

    Safe to share between threads, which take turns.
    """

    def __init__(
        self, network: ReaderNetwork, pairing: Pairing, name: str, digest: str, bfloat16: bool
    ) -> None:
        self._network = network.eval()
        self._pairing = pairing
        self._name = name
        self._digest = digest
        self._bfloat16 = bfloat16
        self._lock = threading.Lock()
        if bfloat16:
            # What autocast would convert anew in each call.
            for module in network.modules():
                if isinstance(module, torch.nn.Linear):
                    module.to(torch.bfloat16)

    @classmethod
    def load(cls, weights: Path = WEIGHTS, bfloat16: bool | None = None) -> LocalReader:
        """Load the weights over the default model of this machine.

        Raises:
            ModelError: the weights are missing or do not fit, or the default model is not there.
        """
        from transformers import AutoTokenizer

        _, folder = models.locate(None)
        try:
            stored = load_file(weights)
            layers = 1 + max(int(name.split(".")[2]) for name in stored if name.startswith("encoder.layer."))
            network = ReaderNetwork.of(folder, layers)
            missing, unexpected = network.load_state_dict(
                {name: value.float() for name, value in stored.items()}, strict=False
            )
        except (OSError, SafetensorError, ValueError, RuntimeError) as error:
            raise ModelError(f"cannot load the reader {weights}: {str(error).splitlines()[0]}") from error
        lost = [name for name in missing if not name.startswith(FROZEN)]
        if lost or unexpected:
            raise ModelError(
                f"cannot load the reader {weights}: no weights of a reader ({(lost + unexpected)[0]})"
            )
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        use = cpu_has_bfloat16() if bfloat16 is None else bfloat16
        return cls(network, Pairing(tokenizer), weights.stem, digest, use)

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        """sha256 of the weights."""
        return self._digest

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """One reading for each text, in their order."""
        return self.read_pairs([question] * len(texts), texts)

    def read_pairs(self, questions: Sequence[str], texts: Sequence[str]) -> list[Reading]:
        """One reading for each question and the text beside it."""
        with self._lock:
            pairs = self._pairing.pairs(questions, texts)
            order = sorted(range(len(pairs)), key=lambda i: -len(pairs[i].ids))
            found: dict[int, Reading] = {}
            while order:
                rows = max(1, _TOKENS // len(pairs[order[0]].ids))
                batch, order = order[:rows], order[rows:]
                read = self._read([pairs[i] for i in batch])
                found.update(zip(batch, read, strict=True))
        return [found[i] for i in range(len(texts))]

    def _read(self, pairs: Sequence[Pair]) -> list[Reading]:
        ids, mask = (torch.tensor(values) for values in padded(pairs, self._pairing.padding))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
            relevance, starts, ends = (values.float() for values in self._network(ids, mask))
        readings = []
        for row, pair in enumerate(pairs):
            if not pair.spans:
                readings.append(Reading(float(relevance[row])))
                continue
            last = pair.first + len(pair.spans) - 1
            start, end, gain = best_place(starts[row], ends[row], pair.first, last)
            span = (pair.spans[start - pair.first][0], pair.spans[end - pair.first][1])
            readings.append(Reading(float(relevance[row]), span, gain))
        return readings
