"""Unpacking of archives."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources.archives import unpack
from indexer.sources.reader import read_sources


def zipped(path: Path, **members: str) -> Path:
    """A zip archive with text files, named with ``__`` for the dot."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return path


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz"])
def test_documents_of_an_archive_are_named_by_their_path_in_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("ordner/eins.txt", "Ein Text.")
            archive.writestr("zwei.md", "Noch ein Text.")
    else:
        with tarfile.open(path, "w:gz" if suffix == "tar.gz" else "w") as archive:
            for name, text in (("ordner/eins.txt", "Ein Text."), ("zwei.md", "Noch ein Text.")):
                member = tarfile.TarInfo(name)
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
    documents = [item for item in read_sources([tmp_path]) if isinstance(item, RawDocument)]
    assert [(document.document_id, document.text) for document in documents] == [
        (f"a.{suffix}/ordner/eins.txt", "Ein Text."),
        (f"a.{suffix}/zwei.md", "Noch ein Text."),
    ]
    assert [document.source for document in documents] == [path / "ordner" / "eins.txt", path / "zwei.md"]


def test_a_member_is_on_disk_until_the_next_one(tmp_path: Path) -> None:
    members = unpack(zipped(tmp_path / "a.zip", eins__txt="Ein Text.", zwei__txt="Noch ein Text."))
    first = next(members)
    assert first.path and first.path.read_text() == "Ein Text."
    second = next(members)
    assert second.path and second.path.read_text() == "Noch ein Text."
    assert not first.path.exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.txt", "a name that is empty, not printable, or leads out of the archive"),
        ("/a.txt", "a name that is empty, not printable, or leads out of the archive"),
        ("a\nb.txt", "a name that is empty, not printable, or leads out of the archive"),
        ("a.zip", "an archive in an archive"),
    ],
)
def test_a_harmful_member_is_left_out_with_a_reason(tmp_path: Path, name: str, reason: str) -> None:
    [member] = unpack(zipped(tmp_path / "a.zip", **{name: "Ein Text."}))
    assert (member.path, member.reason) == (None, reason)


def test_a_file_that_is_not_an_archive_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("Ein Text.")
    with pytest.raises(SourceError, match=r"^not a readable archive \(File is not a zip file\)$"):
        list(unpack(tmp_path / "a.zip"))


def tar_with_header(path: Path, length: int, kind: bytes = tarfile.XHDTYPE) -> Path:
    """A compressed tar archive with one file behind an extended header of a length."""
    value = f"{length} comment=".encode()
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, length
    with gzip.open(path, "wb", 1) as stream:
        stream.write(header.tobuf(tarfile.USTAR_FORMAT))
        stream.write(value + b"a" * (length - len(value) - 1) + b"\n" + b"\0" * (-length % 512))
        member = tarfile.TarInfo("a.txt")
        member.size = 4
        stream.write(member.tobuf(tarfile.USTAR_FORMAT) + b"Text" + b"\0" * (508 + 1024))
    return path


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_huge_header_is_refused_before_it_is_read(tmp_path: Path, kind: bytes) -> None:
    path = tar_with_header(tmp_path / "a.tar.gz", 100_000_000, kind)
    tracemalloc.start()
    with pytest.raises(SourceError, match=r"^not a readable archive \(a header of 100,000,000 bytes\)$"):
        list(unpack(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_header_of_usual_length_is_read(tmp_path: Path) -> None:
    [member] = unpack(tar_with_header(tmp_path / "a.tar.gz", 5000))
    assert member.name == "a.txt"


def test_a_chain_of_headers_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, 512
    block = header.tobuf(tarfile.USTAR_FORMAT) + b"512 comment=".ljust(511, b"a") + b"\n"
    (tmp_path / "a.tar").write_bytes(block * 5000)
    with pytest.raises(SourceError, match="too many headers for one file"):
        list(unpack(tmp_path / "a.tar"))
