"""The reader's network: layers of a BERT with two heads, over the embeddings of the default model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

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
        for parameter in self.embeddings.parameters():
            parameter.requires_grad_(False)

    @classmethod
    def of(cls, folder: Path, layers: int | None = None) -> ReaderNetwork:
        """A network on the default model in ``folder``, its first ``layers``; the heads say nothing yet."""
        from transformers import AutoModel

        model: Any = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
        if layers is not None:
            model.encoder.layer = model.encoder.layer[:layers]
        network = cls(model.embeddings, model.encoder, int(model.config.hidden_size))
        for head in (network.relevance, network.place):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
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


def best_place(starts: Tensor, ends: Tensor, first: int, last: int) -> tuple[int, int, float]:
    """Outer tokens of the likeliest answer among ``first`` to ``last``, and its gain over "no place here".

    ``starts`` and ``ends`` of shape ``(length,)``.
    """
    inside_starts, inside_ends = starts[first : last + 1], ends[first : last + 1]
    scores = inside_starts[:, None] + inside_ends[None, :]
    possible = torch.ones_like(scores, dtype=torch.bool).triu().tril(LONGEST_SPAN - 1)
    scores = scores.masked_fill(~possible, -torch.inf)
    best = int(scores.argmax())
    start, end = divmod(best, scores.shape[1])
    return first + start, first + end, float(scores.flatten()[best] - starts[0] - ends[0])
