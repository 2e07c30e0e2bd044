"""The reader's network: layers of a BERT with two heads, over the embeddings of the default model."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Floats = npt.NDArray[np.float32]

#: Parameters that come from the default model and are neither trained nor stored.
FROZEN = "embeddings."
#: Positions of a start and an end further apart than this are no answer.
LONGEST_SPAN = 30


class ReaderNetwork(nn.Module):
    """Question and text in, log-odds of an answer and of its place out.

    The encoder's first position stands for the pair as a whole, and for "no place here" among the places.
    """

    def __init__(self, embeddings: nn.Module, encoder: nn.Module, width: int) -> None:
        super().__init__()
        self.embeddings = embeddings
        self.encoder = encoder
        # The default model was trained to use the mean of all positions, and never the first one.
        self.relevance = nn.Linear(2 * width, 1)
        self.place = nn.Linear(width, 2)

    @classmethod
    def of(cls, folder: Path) -> ReaderNetwork:
        """A network on the default model in ``folder``, to be trained; the heads say nothing yet."""
        from transformers import AutoModel

        model: Any = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
        model.embeddings.requires_grad_(False)
        network = cls(model.embeddings, model.encoder, int(model.config.hidden_size))
        for head in (network.relevance, network.place):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        return network

    @classmethod
    def over(cls, embeddings: nn.Module, config: Any, stored: Mapping[str, Tensor]) -> ReaderNetwork:
        """A network of stored parameters over embeddings that another model holds.

        Args:
            config: the configuration of the model that the embeddings are of.

        Raises:
            ValueError: the parameters are not those of a reader.
        """
        from transformers.models.bert.modeling_bert import BertEncoder

        numbers = [int(name.split(".")[2]) for name in stored if name.startswith("encoder.layer.")]
        config = copy.deepcopy(config)
        config.num_hidden_layers = 1 + max(numbers, default=-1)
        # Nothing is made of random numbers first: the stored ones take their place as they are.
        with torch.device("meta"):
            encoder = BertEncoder(config)  # type: ignore[no-untyped-call]
            network = cls(nn.Module(), encoder, int(config.hidden_size))
        missing, unexpected = network.load_state_dict(stored, strict=False, assign=True)
        if missing or unexpected:
            raise ValueError(f"no weights of a reader ({[*missing, *unexpected][0]})")
        network.embeddings = embeddings
        return network

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-odds of an answer, shape ``(n,)``; scores to begin and to end it, shape ``(n, length)``.

        ``ids`` and ``mask`` of shape ``(n, length)``; ``mask`` is 1 where there is a token.
        """
        with torch.no_grad():
            embedded = self.embeddings(input_ids=ids)
        # Additive and of the scores' own kind: what scaled_dot_product_attention takes as it is.
        blocked = (1.0 - mask[:, None, None, :].to(embedded.dtype)) * torch.finfo(embedded.dtype).min
        hidden = self.encoder(embedded, attention_mask=blocked).last_hidden_state
        weights = mask[..., None].to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)
        relevance = self.relevance(torch.cat([hidden[:, 0], mean], dim=-1))[:, 0]
        starts, ends = self.place(hidden).unbind(-1)
        return relevance, starts, ends

    def trained(self) -> dict[str, Tensor]:
        """The parameters that are trained, by name."""
        return {name: value for name, value in self.state_dict().items() if not name.startswith(FROZEN)}


def gain(starts: Floats, ends: Floats, first: int, last: int) -> float:
    """How much likelier the answer stands within the tokens ``first`` to ``last`` than nowhere, in log-odds.

    ``starts`` and ``ends`` of shape ``(length,)``: the first token stands for "nowhere".
    """
    scores = starts[first : last + 1, None] + ends[None, first : last + 1]
    length = len(scores)
    behind = np.arange(length)[None, :] - np.arange(length)[:, None]
    possible = (behind >= 0) & (behind < LONGEST_SPAN)
    return float(scores[possible].max() - starts[0] - ends[0])
