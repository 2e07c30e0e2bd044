"""Generations to be offered under load, sound and damaged ones, and whether answers keep to theirs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eval.datasets import jsonl
from indexer.build.pipeline import build
from indexer.documents import text_digest
from indexer.embedding.embedder import Embedder
from indexer.index.folder import generation_names, live_name, set_live
from indexer.index.layout import GENERATIONS, PASSAGE_VECTORS, STORE
from indexer.index.verification import verify
from indexer.storage.document_store import DocumentStore
from service.api.responses import AskReply


def prepare(corpus: Path, index: Path, embedder: Embedder, count: int) -> list[str]:
    """Add sound generations of a corpus to an index, each without other documents; names, none of them live.

    Texts that the index holds already are not embedded again.
    """
    live, lines = live_name(index), [line for line in jsonl.lines(corpus) if line.strip()]
    names = []
    for number in range(count):
        with tempfile.TemporaryDirectory(prefix="fundstelle-") as folder:
            source = Path(folder, "corpus.jsonl")
            kept = (line for place, line in enumerate(lines) if place % (10 * count) != number)
            source.write_text("\n".join(line.strip() for line in kept), "utf-8")
            names.append(build([source], index, embedder, keep=count + 100).generation)
    set_live(index, live)
    return names


def damage(index: Path) -> list[str]:
    """Add two damaged copies of the live generation: a flipped byte in its vectors, and half of its store."""
    live = live_name(index)
    names = []
    for number, file in enumerate((PASSAGE_VECTORS, STORE)):
        # The end of a name is the digest of the manifest, which is untouched; so is the order by time.
        name = live.replace("-", f"{number}-", 1)
        folder = index / GENERATIONS / name
        shutil.copytree(index / GENERATIONS / live, folder)
        path = folder / file
        data = bytearray(path.read_bytes())
        if file == STORE:
            del data[len(data) // 2 :]
        else:
            data[len(data) // 2] ^= 1
        path.write_bytes(data)
        names.append(name)
    return names


def faults(replies: Iterable[dict[str, Any]], index: Path) -> tuple[int, list[str]]:
    """How many citations were checked against the generation that each reply names; a line for each wrong."""
    checked, wrong = 0, []
    stores: dict[str, DocumentStore] = {}
    try:
        for found in replies:
            reply = AskReply.model_validate(found)
            name = reply.index.generation
            if name not in generation_names(index):
                wrong.append(f"answered from {name}, which is not there")
                continue
            if name not in stores:
                stores[name] = DocumentStore.open(index / GENERATIONS / name / STORE)
            for citation in reply.citations:
                checked += 1
                number = stores[name].number_of(citation.document_id)
                document = None if number is None else stores[name].document(number)
                if (
                    document is None
                    or document.text[citation.start : citation.end] != citation.quote
                    or citation.sha256 != text_digest(document.text)
                ):
                    wrong.append(f"{name}: {citation.document_id}:{citation.start}-{citation.end}")
            if [statement.text for statement in reply.statements] != [c.quote for c in reply.citations]:
                wrong.append(f"{name}: statements are not what is cited for {reply.question!r}")
    finally:
        for store in stores.values():
            store.close()
    return checked, wrong


def unsound(index: Path, names: Iterable[str]) -> list[str]:
    """What ``indexer verify`` says against the given generations."""
    return [fault for name in names for fault in verify(index, name)]
