"""The circumstances of runs, and labels that distinguish the runs of one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.runs.record import Record

#: Fact → pairs of run and value; a single pair with an empty run if all runs agree.
Facts = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def labelled(records: Sequence[Record]) -> dict[str, Record]:
    """Records by a unique label: ranking, then generation, then number."""
    kinds = [str(r["settings"].get("ranking") or r["settings"].get("measured", "run")) for r in records]
    generations = [str(record["system"]["generation"])[-8:] for record in records]
    labels: dict[str, Record] = {}
    for kind, generation, record in zip(kinds, generations, records, strict=True):
        same = {g for k, g in zip(kinds, generations, strict=True) if k == kind}
        first = f"{kind}, {generation}" if len(same) > 1 else kind
        name, number = first, 1
        while name in labels:
            number += 1
            name = f"{first} ({number})"
        labels[name] = record
    return labels


def facts(runs: Mapping[str, Record]) -> Facts:
    """Model, generation, chunking, settings and versions of the runs of a set."""
    values: dict[str, dict[str, str]] = {}
    for label, record in runs.items():
        system = record["system"]
        of_run = {
            "model": system["model"]["name"],
            "model digest": system["model"]["digest"],
            "service": system.get("service"),
            "generation": system["generation"],
            "manifest": system["manifest"],
            "chunking": system.get("chunking"),
            "counts": system.get("counts"),
            "settings": {k: v for k, v in record["settings"].items() if k not in ("ranking", "measured")},
            "versions": record.get("versions"),
            "questions": len(record["queries"]),
            "created": record["created"],
        }
        for name, value in of_run.items():
            if value is not None:
                values.setdefault(name, {})[label] = _as_text(value)
    return tuple(
        (name, (("", next(iter(by_run.values()))),) if _agree(by_run, runs) else tuple(by_run.items()))
        for name, by_run in values.items()
    )


def _agree(by_run: Mapping[str, str], runs: Mapping[str, Record]) -> bool:
    return len(by_run) == len(runs) and len(set(by_run.values())) == 1


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_as_text(found)}" for name, found in value.items() if found is not None)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
