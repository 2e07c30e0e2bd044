"""Intact and damaged generations for a service under load, and a check of its replies against them."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eval.datasets import jsonl
from indexer.build.pipeline import build
from indexer.documents import text_digest
from indexer.embedding.embedder import Embedder
from indexer.index.layout import GENERATIONS, PASSAGE_VECTORS, STORE
from indexer.index.live_generation import generation_names, live_name, set_live
from indexer.index.verification import verify
from indexer.storage.document_store import DocumentStore
from service.api.responses import AskReply, CitationInfo


def prepare(corpus: Path, index: Path, embedder: Embedder, count: int) -> list[str]:
    """Add intact generations of a corpus to an index, each without some documents.

    Returns:
        Their names; none of them is live.
    """
    live, lines = live_name(index), [line for line in jsonl.lines(corpus) if line.strip()]
    names = []
    for number in range(count):
        with tempfile.TemporaryDirectory(prefix="fundstelle-") as folder:
            source = Path(folder, "corpus.jsonl")
            chosen = (line for position, line in enumerate(lines) if position % (10 * count) != number)
            source.write_text("\n".join(line.strip() for line in chosen), "utf-8")
            names.append(build([source], index, embedder, keep=count + 100).generation)
    set_live(index, live)
    return names


def damage(index: Path) -> list[str]:
    """Add two damaged copies of the live generation: a flipped bit in the vectors, half of the documents.

    Returns:
        Their names.
    """
    live = live_name(index)
    names = []
    for number, file in enumerate((PASSAGE_VECTORS, STORE)):
        # A name ends in the digest of the manifest, which does not change; it sorts after the live one.
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


def citation_faults(replies: Iterable[dict[str, Any]], index: Path) -> tuple[int, list[str]]:
    """Check the citations of replies against the generation that each reply names.

    Returns:
        The number of checked citations, and a line for each fault.
    """
    checked, faults = 0, list[str]()
    with contextlib.ExitStack() as stack:
        stores: dict[str, DocumentStore] = {}
        for row in replies:
            reply = AskReply.model_validate(row)
            name = reply.index.generation
            if name not in stores:
                if name not in generation_names(index):
                    faults.append(f"answered from {name}, which does not exist")
                    continue
                stores[name] = DocumentStore.open(index / GENERATIONS / name / STORE)
                stack.callback(stores[name].close)
            checked += len(reply.citations)
            faults += [
                f"{name}: {it.document_id}:{it.start}-{it.end}"
                for it in reply.citations
                if not _is_verbatim(it, stores[name])
            ]
            if [statement.text for statement in reply.statements] != [c.quote for c in reply.citations]:
                faults.append(f"{name}: statements differ from their quotations for {reply.question!r}")
    return checked, faults


def _is_verbatim(citation: CitationInfo, store: DocumentStore) -> bool:
    number = store.number_of(citation.document_id)
    if number is None:
        return False
    text = store.document(number).text
    return text[citation.start : citation.end] == citation.quote and citation.sha256 == text_digest(text)


def index_faults(index: Path, names: Iterable[str]) -> list[str]:
    """Faults that ``indexer verify`` finds in these generations."""
    return [fault for name in names for fault in verify(index, name)]
