"""A small BEIR set and a question file, written into a folder of a test."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEXTS = {
    "rice": "Die Reisernte im Norden war gut. Der Reis wurde im Oktober geerntet.",
    "school": "Die neue Schule wurde im September eröffnet. Sie hat zwölf Klassen.",
    "bridge": "Die Brücke über den Roten Fluss ist fertig. Sie misst achthundert Meter.",
}
QUERIES = {
    "1-de": ("Wann wurde der Reis geerntet?", "de"),
    "2-de": ("Wann wurde die neue Schule eröffnet?", "de"),
    "2-en": ("school September eröffnet", "en"),
}
#: The last one is wrong on purpose: a question that goes badly.
QRELS = {"1-de": "rice", "2-de": "school", "2-en": "bridge"}


def jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def write_beir(
    folder: Path,
    texts: Mapping[str, str] = TEXTS,
    queries: Mapping[str, tuple[str, str]] = QUERIES,
    qrels: Mapping[str, str] = QRELS,
) -> Path:
    folder.mkdir()
    jsonl(folder / "corpus.jsonl", [{"_id": i, "title": "", "text": text} for i, text in texts.items()])
    jsonl(folder / "queries.jsonl", [{"_id": i, "text": t, "lang": lang} for i, (t, lang) in queries.items()])
    lines = [f"{query}\t{document}\t1\n" for query, document in qrels.items()]
    (folder / "qrels.tsv").write_text("".join(lines), "utf-8")
    return folder
