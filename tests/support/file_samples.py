"""Files of every format, made of plain text, and hostile files."""

import gzip
import io
import os
import random
import struct
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docx
import fpdf
import matplotlib


def as_pdf(path: Path, title: str, paragraphs: Sequence[str], *, header: str = "", columns: int = 1) -> None:
    """A PDF with a heading, justified paragraphs, and on each page a running title and the page's number."""

    class Pages(fpdf.FPDF):
        def header(self) -> None:
            if header:
                self.set_font("DejaVu", size=8)
                self.cell(0, 8, header, new_x="LMARGIN", new_y="NEXT")

        def footer(self) -> None:
            self.set_y(-15)
            self.set_font("DejaVu", size=8)
            self.cell(0, 8, f"Seite {self.page_no()}")

    pages = Pages()
    font = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    pages.add_font("DejaVu", fname=str(font))
    pages.set_title(title)
    pages.add_page()
    pages.set_font("DejaVu", size=18)
    pages.multi_cell(0, 10, title, new_x="LMARGIN", new_y="NEXT")
    pages.set_font("DejaVu", size=11)
    if columns == 1:
        for paragraph in paragraphs:
            pages.ln(4)
            pages.multi_cell(0, 6, paragraph, new_x="LMARGIN", new_y="NEXT")
    else:
        with pages.text_columns(ncols=columns, gutter=10, text_align="L") as text:
            for paragraph in paragraphs:
                with text.paragraph(bottom_margin=4) as block:
                    block.write(paragraph)
    pages.output(str(path))


def as_docx(
    path: Path,
    title: str,
    paragraphs: Sequence[str],
    table: Sequence[Sequence[str]] = (),
    items: Sequence[str] = (),
) -> None:
    document: Any = docx.Document()
    document.core_properties.title = title
    document.add_heading(title, level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    for item in items:
        document.add_paragraph(item, style="List Bullet")
    if table:
        made = document.add_table(rows=len(table), cols=len(table[0]))
        for row, cells in zip(made.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    document.save(str(path))


def as_html(path: Path, title: str, paragraphs: Sequence[str], *, url: str = "", date: str = "") -> None:
    """A page with everything around its text: menus, a sidebar, comments, a footer."""
    menu = "".join(
        f"<li><a href='/{name}'>{name}</a></li>" for name in ("Start", "Politik", "Kultur", "Kontakt")
    )
    head = f"<title>{title} | Zeitung</title><meta property='og:title' content='{title}'>"
    head += f"<link rel='canonical' href='{url}'>" if url else ""
    head += f"<meta property='article:published_time' content='{date}'>" if date else ""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    path.write_text(
        f"<!doctype html><html lang='de'><head><meta charset='utf-8'>{head}</head><body>"
        f"<nav><ul>{menu}</ul></nav><main><article><h1>{title}</h1>{body}</article></main>"
        f"<aside><h2>Meistgelesen</h2><ul>{menu}</ul></aside>"
        "<footer><p>Impressum</p><p>Alle Rechte vorbehalten</p></footer></body></html>",
        "utf-8",
    )


def hostile(folder: Path) -> list[str]:
    """Write hostile and broken files of every kind; returns their names."""
    made: dict[str, bytes] = {
        "leer.txt": b"",
        "leer.pdf": b"",
        "leer.docx": b"",
        "leer.html": b"",
        "nullen.txt": bytes(100_000),
        "zufall.txt": random.Random(1).randbytes(50_000),
        "zufall.pdf": b"%PDF-1.7\n" + random.Random(2).randbytes(50_000),
        "kaputt.txt": "Über die Größe.".encode() + b"\xff\xfe" + "Über die Höhe der Brücke.".encode(),
        "bild.docx": b"\x89PNG\r\n\x1a\n" + bytes(500),
        "text.docx": b"Nur ein Text.",
        "alt.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
        "programm.pdf": b"\x7fELF" + bytes(2000),
        "bild.html": b"\x89PNG\r\n\x1a\n" + bytes(500),
        "unbekannt.xyz": b"Ein Text.",
        "zeile.jsonl": b'{"_id": "a"',
        "liste.jsonl": b"[1, 2]\n",
        "tief.jsonl": b'{"_id": "a", "text": ' + b"[" * 200_000 + b"\n",
        "tief.html": b"<html><body>" + b"<div>" * 100_000 + b"x",
        "abgebrochen.jsonl.gz": gzip.compress(b'{"_id": "a", "text": "b"}\n' * 1000)[:-20],
        "kein.zip": b"PK\x03\x04 kaputt",
        "kein.tar.gz": gzip.compress(b"kein tar" * 1000),
        "vorn.md": b"---\ntitle: [offen\n---\nText.",
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    _archives(folder)
    _documents(folder)
    with (folder / "riesig.txt").open("wb") as file:
        file.truncate(2 << 30)
    with gzip.open(folder / "bombe.jsonl.gz", "wb", compresslevel=1) as stream:
        for _ in range(600):
            stream.write(b"a" * 1_000_000)
    os.mkfifo(folder / "rohr.txt")
    (folder / "kreis.txt").symlink_to("kreis.txt")
    (folder / "nirgends.txt").symlink_to("gibt-es-nicht")
    return sorted(path.name for path in folder.iterdir())


def _archives(folder: Path) -> None:
    with zipfile.ZipFile(folder / "bombe.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nullen.txt", bytes(150_000_000))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("innen.txt", "Ein Text.")
    with zipfile.ZipFile(folder / "geschachtelt.zip", "w") as archive:
        archive.writestr("innen.zip", inner.getvalue())
    with zipfile.ZipFile(folder / "ausbruch.zip", "w") as archive:
        archive.writestr("../../ausgebrochen.txt", "Ein Text.")
    with tarfile.open(folder / "verweise.tar", "w") as tar:
        link = tarfile.TarInfo("verweis.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        device = tarfile.TarInfo("geraet.txt")
        device.type = tarfile.CHRTYPE
        tar.addfile(device)


def _documents(folder: Path) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lachen" * 10}">' for n in range(9))
    body = (
        f'<?xml version="1.0"?><!DOCTYPE w [{entities}]><w:document xmlns:w="x"><w:t>&l8;</w:t></w:document>'
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006"
    types = (
        f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    rels = (
        f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
        f'Type="{office}/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    with zipfile.ZipFile(folder / "entitaeten.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", rels)
        archive.writestr("word/document.xml", body)
    with zipfile.ZipFile(folder / "bombe.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", rels)
        archive.writestr("word/document.xml", b"<a>" + bytes(400_000_000))
    locked = fpdf.FPDF()
    locked.add_page()
    locked.set_encryption(owner_password="a", user_password="b")
    locked.output(str(folder / "verschluesselt.pdf"))
    whole = fpdf.FPDF()
    whole.add_page()
    whole.set_font("Helvetica", size=12)
    whole.multi_cell(0, 6, "Ein Satz ohne Ende. " * 2000)
    content = bytes(whole.output())
    (folder / "abgeschnitten.pdf").write_bytes(content[: len(content) // 3])
    scan = fpdf.FPDF()
    scan.add_page()
    scan.image(io.BytesIO(_picture(400, 400)), w=100)
    scan.output(str(folder / "gescannt.pdf"))


def _picture(width: int, height: int) -> bytes:
    """A grey picture as PNG."""
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([n % 256] * width) for n in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
