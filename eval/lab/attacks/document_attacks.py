"""Attacks by documents: files, archives, links."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.lab.attacks.attack import AttackResult
from indexer.documents import RawDocument
from indexer.preprocessing.metadata import to_document

#: Reads and cleans a folder in a process of its own, so that a crash is a figure: kinds of items, seconds,
#: peak memory of it and of the process that it reads with. Memory of a program before `exec` must not count.
_READ = """
import json, resource, sys, time
from pathlib import Path
from eval.lab.process_memory import peak_memory
from indexer.errors import FundstelleError
from indexer.preprocessing.metadata import to_document
from indexer.sources.reader import SourceProblem, read_sources
began, kinds, texts = time.monotonic(), {"read": 0, "named": 0}, []
for item in read_sources([Path(sys.argv[1])]):
    try:
        texts.append("" if isinstance(item, SourceProblem) else to_document(item).text)
        kinds["named" if isinstance(item, SourceProblem) else "read"] += 1
    except FundstelleError:
        kinds["named"] += 1
seconds = time.monotonic() - began
peak = max(peak_memory(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
leaked = any("GEHEIM" in text for text in texts)
print(json.dumps({"kinds": kinds, "seconds": seconds, "peak": peak, "leaked": leaked}))
"""
_TIMEOUT = 120.0
_ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
_HEADS = {
    "timestamp": "date: !!timestamp gestern",
    "bool": "title: !!bool abc",
    "brackets": "title: " + "[" * 100_000,
    "aliases": _ALIASES + "title: *h",
}


def attack_by_documents(folder: Path) -> Iterator[AttackResult]:
    """All attacks by documents, with files in a folder."""
    for attack in (_front_matter, _quadratic_patterns, _surrogates, _tar_headers, _links, _url):
        own = folder / attack.__name__.strip("_")
        own.mkdir()
        yield attack(own)


def _read(folder: Path) -> Mapping[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-c", _READ, str(folder)], capture_output=True, timeout=_TIMEOUT, check=True
        )
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines() or [f"signal {-error.returncode}"]
        return {"ended": lines[-1][:60]}
    except subprocess.TimeoutExpired:
        return {"ended": f"over {_TIMEOUT:g} s"}
    return dict(json.loads(done.stdout))


def _figure(found: Mapping[str, Any]) -> str:
    if "ended" in found:
        return f"the build ends: {found['ended']}"
    kinds = ", ".join(f"{count} {kind}" for kind, count in found["kinds"].items())
    return f"{kinds}, {found['seconds']:.1f} s, {found['peak'] / 1e6:.0f} MB"


def _front_matter(folder: Path) -> AttackResult:
    for name, head in _HEADS.items():
        (folder / f"{name}.md").write_text(f"---\n{head}\n---\nEin Text.", "utf-8")
    (folder / "gut.md").write_text("Ein Text.", "utf-8")
    found = _read(folder)
    holds = found.get("kinds") == {"named": 4, "read": 1}
    return AttackResult(
        "front matter: tags, 100,000 brackets, alias bomb; beside a good file",
        "the build ends, gigabytes", _figure(found), "4 named, 1 read", holds,
    )  # fmt: skip


def _quadratic_patterns(folder: Path) -> AttackResult:
    slowest = 0.0
    to_document(RawDocument("a", folder / "a.md", "Das erste Mal lädt ein Modell."))
    for fragment in ("[", "<!--", "[a](", "![", "http://", "Quelle: http"):
        text = (fragment * 40_000)[:40_000] + " Ende."
        began = time.perf_counter()
        to_document(RawDocument("a", folder / "a.md", text, "text/markdown"))
        slowest = max(slowest, time.perf_counter() - began)
    return AttackResult(
        "40 kB of brackets, comments or URLs: slowest cleaning",
        "62 s",
        f"{slowest:.2f} s",
        "≤ 2 s",
        slowest <= 2,
    )


def _surrogates(folder: Path) -> AttackResult:
    rows = [
        '{"_id": "1", "text": "\\ud800"}',
        '{"_id": "\\udc00", "text": "a"}',
        '{"_id": "2", "text": "gut"}',
    ]
    (folder / "a.jsonl").write_text("\n".join(rows), "utf-8")
    found = _read(folder)
    holds = found.get("kinds") == {"named": 2, "read": 1}
    return AttackResult(
        "half surrogate pairs in JSON Lines", "ends the build", _figure(found), "2 named, 1 read", holds
    )


def _tar_headers(folder: Path) -> AttackResult:
    with tarfile.open(folder / "a.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a.txt")
        member.size = 9
        member.pax_headers = {"comment": "x" * 300_000_000}
        archive.addfile(member, io.BytesIO(b"Ein Text."))
    found = _read(folder)
    holds = "ended" not in found and found["peak"] < 400e6
    return AttackResult(
        "292 kB of tar with a header of 300 MB: peak memory", "894 MB", _figure(found), "< 400 MB", holds
    )


def _links(folder: Path) -> AttackResult:
    source = folder / "source"
    source.mkdir()
    (folder / "secret.txt").write_text("GEHEIM", "utf-8")
    (source / "leak.txt").symlink_to(folder / "secret.txt")
    (source / "gut.txt").write_text("Ein Text.", "utf-8")
    leaked = bool(_read(source).get("leaked"))
    return AttackResult(
        "link in a source folder to a file outside",
        "indexed",
        "indexed" if leaked else "not read",
        "not read",
        not leaked,
    )


def _url(folder: Path) -> AttackResult:
    fields = {"url": "https://a.example/\x1b[2J\u202egpj.exe"}
    url = to_document(RawDocument("a", folder / "a.md", "Ein Text.", "text/markdown", fields)).url or ""
    return AttackResult(
        "control and bidi characters in a document's URL",
        "printed raw",
        repr(url)[:40],
        "none",
        url.isprintable(),
    )
