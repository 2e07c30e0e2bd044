"""The network of the bundled cross-encoder: BERT layers and two heads over the default model's embeddings."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from indexer.arrays import Scores

#: Prefix of the parameters that come from the default model and are neither trained nor stored.
FROZEN = "embeddings."
#: Tokens of the longest answer.
LONGEST_SPAN = 30
#: The name of the span head in stored weights, and in the network.
_STORED_SPAN_HEAD, _SPAN_HEAD = "place.", "span_head."


class CrossEncoderNetwork(nn.Module):
    """Gives the log-odds that a text answers a question, and scores of where the answer starts and ends.

    The encoder's first position stands for the pair as a whole; among starts and ends it means "nowhere".
    """

    def __init__(self, embeddings: nn.Module, encoder: nn.Module, width: int) -> None:
        super().__init__()
        self.embeddings = embeddings
        self.encoder = encoder
        # The default model was trained to use the mean of all positions, and never the first one.
        self.relevance = nn.Linear(2 * width, 1)
        self.span_head = nn.Linear(width, 2)

    @classmethod
    def untrained(cls, folder: Path) -> CrossEncoderNetwork:
        """A network over the default model in ``folder``, to be trained; its heads give 0."""
        from transformers import AutoModel

        model: Any = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
        model.embeddings.requires_grad_(False)
        network = cls(model.embeddings, model.encoder, int(model.config.hidden_size))
        for head in (network.relevance, network.span_head):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        return network

    @classmethod
    def from_stored(
        cls, embeddings: nn.Module, config: Any, stored: Mapping[str, Tensor]
    ) -> CrossEncoderNetwork:
        """A network of stored parameters over embeddings that another model holds.

        Args:
            config: the configuration of the model that the embeddings are of.

        Raises:
            ValueError: the parameters are not those of this network.
        """
        from transformers.models.bert.modeling_bert import BertEncoder

        stored = {_renamed(name, _STORED_SPAN_HEAD, _SPAN_HEAD): value for name, value in stored.items()}
        numbers = [int(name.split(".")[2]) for name in stored if name.startswith("encoder.layer.")]
        config = copy.deepcopy(config)
        config.num_hidden_layers = 1 + max(numbers, default=-1)
        # Not initialised with random numbers: the stored parameters are assigned as they are.
        with torch.device("meta"):
            encoder = BertEncoder(config)  # type: ignore[no-untyped-call]
            network = cls(nn.Module(), encoder, int(config.hidden_size))
        missing, unexpected = network.load_state_dict(stored, strict=False, assign=True)
        if missing or unexpected:
            raise ValueError(f"these are not its weights ({[*missing, *unexpected][0]})")
        network.embeddings = embeddings
        return network

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-odds of an answer, shape ``(n,)``, and scores of its start and end, shape ``(n, length)``.

        ``ids`` and ``mask`` of shape ``(n, length)``; ``mask`` is 1 where there is a token.
        """
        with torch.no_grad():
            embedded = self.embeddings(input_ids=ids)
        # Additive and in the scores' precision: scaled_dot_product_attention takes it as it is.
        blocked = (1.0 - mask[:, None, None, :].to(embedded.dtype)) * torch.finfo(embedded.dtype).min
        hidden = self.encoder(embedded, attention_mask=blocked).last_hidden_state
        weights = mask[..., None].to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)
        relevance = self.relevance(torch.cat([hidden[:, 0], mean], dim=-1))[:, 0]
        starts, ends = self.span_head(hidden).unbind(-1)
        return relevance, starts, ends

    def load_trained(self, stored: Mapping[str, Tensor]) -> None:
        """Load trained parameters by the names they are stored under; the others stay."""
        renamed = {_renamed(name, _STORED_SPAN_HEAD, _SPAN_HEAD): value for name, value in stored.items()}
        self.load_state_dict(renamed, strict=False)

    def trained(self) -> dict[str, Tensor]:
        """The trained parameters by the names they are stored under."""
        return {
            _renamed(name, _SPAN_HEAD, _STORED_SPAN_HEAD): value
            for name, value in self.state_dict().items()
            if not name.startswith(FROZEN)
        }


def _renamed(name: str, prefix: str, replacement: str) -> str:
    return replacement + name.removeprefix(prefix) if name.startswith(prefix) else name


def span_score(starts: Scores, ends: Scores, first: int, last: int) -> float:
    """Log-odds that the answer stands within the tokens ``first`` to ``last`` rather than nowhere.

    ``starts`` and ``ends`` of shape ``(length,)``: the first token means "nowhere".
    """
    scores = starts[first : last + 1, None] + ends[None, first : last + 1]
    length = len(scores)
    behind = np.arange(length)[None, :] - np.arange(length)[:, None]
    possible = (behind >= 0) & (behind < LONGEST_SPAN)
    return float(scores[possible].max() - starts[0] - ends[0])
