"""The training loop of the cross-encoder: resumable at any moment, reproducible by its seed."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from eval.lab.reranker_training.batches import Row
from eval.report.charts import curves
from eval.report.files import as_json, write_text
from indexer.embedding.precision import cpu_has_bfloat16
from indexer.errors import SourceError
from service.reranking.bundled import BASE
from service.reranking.network import CrossEncoderNetwork
from service.reranking.pair_encoding import padded

CHECKPOINT, LOG, WEIGHTS, RESULT, PLOT = (
    "checkpoint.pt",
    "log.jsonl",
    "weights.safetensors",
    "training.json",
    "training.svg",
)
#: Steps between two checkpoints and two lines of the log.
SAVE_EVERY, _LOG_EVERY = 100, 20


@dataclass(frozen=True, slots=True)
class Schedule:
    """Learning rates and weights of the losses.

    ``warm_up``: share of the steps until the full rate, which then falls as a cosine; ``heads``: factor on
    the rate of the heads; ``place``: weight of the span loss beside the relevance loss; ``average``: decay of
    the moving average of the parameters, which is the result.
    """

    rate: float = 1.5e-4
    heads: float = 10.0
    warm_up: float = 0.06
    decay: float = 0.01
    place: float = 0.5
    average: float = 0.995
    norm: float = 1.0

    def at(self, step: int, steps: int) -> float:
        """The share of the full rate at a step."""
        warm = max(1, round(self.warm_up * steps))
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def train(
    network: CrossEncoderNetwork,
    batches: Sequence[Sequence[Row]],
    padding: int,
    folder: Path,
    schedule: Schedule,
    progress: Callable[[int, int], None] = lambda _done, _whole: None,
    save_every: int = SAVE_EVERY,
) -> dict[str, Tensor]:
    """Train on the batches in their order; returns the averaged parameters.

    Continues from the checkpoint of an earlier call with the same arguments.

    Args:
        progress: called after each step with the steps done and those in all.
        save_every: steps between two checkpoints.

    Raises:
        SourceError: the folder has a checkpoint of another training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identity = _identity(batches, schedule, network)
    state = _State(network, schedule)
    first = _resume(folder / CHECKPOINT, state, identity)
    began, losses = time.monotonic(), []
    with (folder / LOG).open("a", encoding="utf-8") as log:
        for step in range(first, len(batches)):
            losses.append(state.step(batches[step], padding, step, len(batches)))
            progress(step + 1, len(batches))
            if (step + 1) % _LOG_EVERY == 0 or step + 1 == len(batches):
                relevance, span = (sum(values) / len(losses) for values in zip(*losses, strict=True))
                seconds = round((time.monotonic() - began) / (step + 1 - first), 3)
                line = {"step": step + 1, "relevance": relevance, "place": span, "seconds": seconds}
                log.write(json.dumps(line) + "\n")
                log.flush()
                losses = []
            if (step + 1) % save_every == 0 or step + 1 == len(batches):
                _save(folder / CHECKPOINT, state, identity, step + 1)
    return state.averaged


class _State:
    """Network, optimizer and moving average."""

    def __init__(self, network: CrossEncoderNetwork, schedule: Schedule) -> None:
        self.network = network.eval()  # without dropout, which triples the time of a step
        self.schedule = schedule
        heads = [*network.relevance.parameters(), *network.span_head.parameters()]
        layers = list(network.encoder.parameters())
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in layers if p.dim() > 1], "scale": 1.0, "weight_decay": schedule.decay},
                {"params": [p for p in layers if p.dim() <= 1], "scale": 1.0, "weight_decay": 0.0},
                {"params": heads, "scale": schedule.heads, "weight_decay": 0.0},
            ],
            lr=schedule.rate,
            betas=(0.9, 0.98),
        )
        self.averaged = {name: value.clone() for name, value in network.trained().items()}

    def step(self, rows: Sequence[Row], padding: int, step: int, steps: int) -> tuple[float, float]:
        share = self.schedule.at(step, steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate * group["scale"] * share
        with torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
            relevance, span = losses(self.network, rows, padding)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward([relevance + self.schedule.place * span])
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, self.schedule.norm)
        self.optimizer.step()
        # A smaller decay at first, when the average would be one of the initial parameters.
        decay = min(self.schedule.average, (1 + step) / (10 + step))
        for name, value in self.network.trained().items():
            self.averaged[name].lerp_(value, 1 - decay)
        return float(relevance.detach()), float(span.detach())


def losses(network: CrossEncoderNetwork, rows: Sequence[Row], padding: int) -> tuple[Tensor, Tensor]:
    """Cross-entropy of relevance, and of the spans that are known."""
    ids, mask = (torch.tensor(values) for values in padded([row.pair for row in rows], padding))
    relevance, starts, ends = network(ids, mask)
    target = torch.tensor([float(row.answers) for row in rows])
    relevance_loss = functional.binary_cross_entropy_with_logits(relevance.float(), target)
    # A span is not within the question; the first token stands for no span.
    allowed = mask.bool()
    for number, row in enumerate(rows):
        allowed[number, 1 : row.pair.first] = False
    span_loss = relevance_loss.new_zeros(())
    if any(row.start >= 0 for row in rows):
        for scores, targets in ((starts, [r.start for r in rows]), (ends, [r.end for r in rows])):
            scored = scores.float().masked_fill(~allowed, -1e4)
            span_loss = (
                span_loss + functional.cross_entropy(scored, torch.tensor(targets), ignore_index=-100) / 2
            )
    return relevance_loss, span_loss


def _identity(batches: Sequence[Sequence[Row]], schedule: Schedule, network: CrossEncoderNetwork) -> str:
    digest = hashlib.sha256(json.dumps(asdict(schedule)).encode())
    for value in network.trained().values():
        digest.update(value.detach().numpy().tobytes())
    for batch in batches:
        for row in batch:
            digest.update(repr((row.pair.ids, row.answers, row.start, row.end)).encode())
    return digest.hexdigest()


def _save(path: Path, state: _State, identity: str, step: int) -> None:
    temporary = path.with_suffix(".new")
    torch.save(
        {
            "identity": identity,
            "step": step,
            "network": state.network.trained(),
            "optimizer": state.optimizer.state_dict(),
            "averaged": state.averaged,
        },
        temporary,
    )
    temporary.replace(path)


def _resume(path: Path, state: _State, identity: str) -> int:
    if not path.is_file():
        return 0
    saved: dict[str, Any] = torch.load(path, weights_only=True)
    if saved["identity"] != identity:
        raise SourceError(f"{path}: checkpoint of another training; choose another folder, or remove it")
    state.network.load_trained(saved["network"])
    state.optimizer.load_state_dict(saved["optimizer"])
    state.averaged = saved["averaged"]
    return int(saved["step"])


def log_rows(folder: Path) -> Iterator[dict[str, float]]:
    """The lines of a log; of steps that were repeated after a kill the later line."""
    rows: dict[int, dict[str, float]] = {}
    for line in (folder / LOG).read_text("utf-8").splitlines():
        row = json.loads(line)
        rows[int(row["step"])] = row
    yield from (rows[step] for step in sorted(rows))


def write_result(
    folder: Path,
    weights: Mapping[str, Tensor],
    settings: Mapping[str, float],
    examples: Mapping[str, int],
    schedule: Schedule,
    base: str,
) -> None:
    """Write the weights in half precision, the settings of the training, and a plot of the losses.

    Args:
        base: digest of the model whose embeddings the weights belong to.
    """
    halves = {name: value.to(torch.float16).contiguous() for name, value in weights.items()}
    save_file(halves, folder / WEIGHTS, {BASE: base})
    rows = list(log_rows(folder))
    result = {"settings": dict(settings), "schedule": asdict(schedule), "examples": dict(examples)}
    series = {name: [row[name] for row in rows] for name in ("relevance", "place")}
    plot = curves("training", [row["step"] for row in rows], series, "steps", logarithmic=False)
    write_text(folder, {RESULT: as_json(result) + "\n", PLOT: plot + "\n"})
