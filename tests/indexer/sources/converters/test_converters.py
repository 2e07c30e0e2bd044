"""HTML, DOCX and PDF, archives of files, and files that are made to do harm."""

import random
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import file_samples
import pytest

pytest.importorskip("docx", reason="the extras are not installed")

from indexer.documents import RawDocument
from indexer.preprocessing.metadata import to_document
from indexer.sources.converters import ConversionError
from indexer.sources.converters.sandbox import Converter
from indexer.sources.converters.tables import lines
from indexer.sources.reader import SourceProblem, read_sources

TITLE = "Bericht über die Gemeinden"
PARAGRAPHS = [
    "Die Arbeitsgruppe besuchte zwölf Gemeinden in Hà Giang und Cà Mau. "
    "Sie prüfte, wie die Resolution 57 umgesetzt wird.",
    "Als Mangel nennt der Bericht, dass viele Haushalte kein Netz haben. "
    "Die Bildungs- und Gesundheitseinrichtungen warten noch auf Geräte; "
    "die Verwaltungsangestellten sind unzureichend geschult.",
    "Zum Schluss dankte die Leiterin den Gemeinden.",
]
TABLE = [["Provinz", "Gemeinden"], ["Nghệ An", "130"], ["Quảng Trị", "78"]]


def read(*sources: Path) -> list[RawDocument | SourceProblem]:
    return list(read_sources(sources))


def canonical(path: Path) -> str:
    """The text of the one document of a file."""
    [document] = read(path)
    assert isinstance(document, RawDocument), str(document)
    return to_document(document).text


@pytest.mark.parametrize("columns", [1, 2])
def test_a_pdf_has_its_paragraphs_without_running_titles_and_cut_words(tmp_path: Path, columns: int) -> None:
    # Long enough for several pages, on each of which the running title stands; no line of it twice.
    mixed = random.Random(57)
    words = [word.strip(".") for word in " ".join(PARAGRAPHS).split() if not word.endswith("-")]
    paragraphs = [f"{' '.join(mixed.sample(words, 40))} zum Schluss." for _ in range(60)]
    file_samples.as_pdf(
        tmp_path / "a.pdf", TITLE, paragraphs, header="Nur für den Dienstgebrauch", columns=columns
    )
    assert canonical(tmp_path / "a.pdf").split("\n") == [TITLE, *paragraphs]


def test_a_docx_has_headings_items_and_rows_with_the_names_of_their_columns(tmp_path: Path) -> None:
    file_samples.as_docx(
        tmp_path / "a.docx", TITLE, PARAGRAPHS, TABLE, ["Netze ausbauen", "Personal schulen"]
    )
    assert canonical(tmp_path / "a.docx").split("\n") == [
        TITLE,
        *PARAGRAPHS,
        "Netze ausbauen",
        "Personal schulen",
        "Provinz: Nghệ An; Gemeinden: 130",
        "Provinz: Quảng Trị; Gemeinden: 78",
    ]


def test_of_a_page_only_the_main_text_is_read_with_address_and_day(tmp_path: Path) -> None:
    file_samples.as_html(
        tmp_path / "a.html", TITLE, PARAGRAPHS, url="https://a.example/b", date="2025-03-17T08:00:00+07:00"
    )
    [raw] = read(tmp_path / "a.html")
    assert isinstance(raw, RawDocument)
    document = to_document(raw)
    assert document.text.split("\n") == [TITLE, *PARAGRAPHS]
    assert (document.title, document.url, document.published) == (TITLE, "https://a.example/b", "2025-03-17")


def test_of_a_short_page_too_only_the_main_text_is_read(tmp_path: Path) -> None:
    file_samples.as_html(tmp_path / "a.html", TITLE, ["Die Brücke kostete 5 Milliarden Dong."])
    assert canonical(tmp_path / "a.html").split("\n") == [TITLE, "Die Brücke kostete 5 Milliarden Dong."]


def test_of_a_page_that_states_no_day_none_is_guessed(tmp_path: Path) -> None:
    file_samples.as_html(
        tmp_path / "a.html", TITLE, [*PARAGRAPHS, "Die Resolution vom 22. Dezember 2024 gilt seit 2025."]
    )
    [raw] = read(tmp_path / "a.html")
    assert isinstance(raw, RawDocument) and "date" not in raw.fields


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["Ort", "Zahl"], ["Huế", "3"]], ["Ort: Huế; Zahl: 3"]),
        ([["Ort", "Zahl"], ["Huế", ""]], ["Ort: Huế"]),
        ([["2023", "2024"], ["1", "2"]], ["2023; 2024", "1; 2"]),
        ([["", "Zahl"], ["Huế", "3"]], ["Zahl", "Huế; 3"]),
        ([["Anhang", "Anhang"], ["a", "b"]], ["Anhang", "a; b"]),
        ([["Ort", "Zahl"], ["Norden", "Norden"], ["Huế", "3"]], ["Norden", "Ort: Huế; Zahl: 3"]),
        ([["nur eine Zeile", "zwei Zellen"]], ["nur eine Zeile; zwei Zellen"]),
        ([], []),
    ],
)
def test_a_row_of_a_table_is_a_statement(rows: list[list[str]], told: list[str]) -> None:
    assert lines(rows) == told


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_documents_of_an_archive_are_named_by_their_place_in_it(tmp_path: Path, ending: str) -> None:
    (tmp_path / "eins.txt").write_text("Ein Text.", "utf-8")
    file_samples.as_docx(tmp_path / "zwei.docx", TITLE, PARAGRAPHS)
    archive = tmp_path / "alles" / f"a.{ending}"
    archive.parent.mkdir()
    if ending == "zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.write(tmp_path / "eins.txt", "ordner/eins.txt")
            zipped.write(tmp_path / "zwei.docx", "zwei.docx")
    else:
        with tarfile.open(archive, "w:gz" if ending == "tar.gz" else "w") as tar:
            tar.add(tmp_path / "eins.txt", "ordner/eins.txt")
            tar.add(tmp_path / "zwei.docx", "zwei.docx")
    found = {
        document.document_id: document
        for document in read(archive.parent)
        if isinstance(document, RawDocument)
    }
    assert sorted(found) == [f"a.{ending}/ordner/eins.txt", f"a.{ending}/zwei.docx"]
    assert found[f"a.{ending}/ordner/eins.txt"].text == "Ein Text."


def test_hostile_files_are_refused_one_by_one_and_the_others_read(tmp_path: Path) -> None:
    names = file_samples.hostile(tmp_path)
    assert len(names) >= 25
    for number in range(5):
        (tmp_path / f"bericht-{number}.txt").write_text(PARAGRAPHS[0], "utf-8")
    found = read(tmp_path)
    good = [document.document_id for document in found if isinstance(document, RawDocument)]
    assert good == [f"bericht-{number}.txt" for number in range(5)]
    refused = [problem for problem in found if isinstance(problem, SourceProblem)]
    for name in names:
        assert any(
            problem.source.startswith(str(tmp_path / name)) and problem.reason for problem in refused
        ), name
    assert not (tmp_path.parent / "ausgebrochen.txt").exists()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux alone")
def test_hostile_files_take_little_memory(tmp_path: Path) -> None:
    file_samples.hostile(tmp_path)
    program = (
        "import re, resource, sys; from pathlib import Path; from indexer.sources.reader import read_sources;"
        "list(read_sources([Path(sys.argv[1])]));"
        # Of itself not by getrusage, which counts what the process was before: a copy of this one.
        "status = Path('/proc/self/status').read_text();"
        "print(re.search(r'VmHWM:\\s+(\\d+)', status)[1]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert max(map(int, done.stdout.split())) * 1024 < 1.5e9


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gescannt.pdf", "a scan, or nothing but pictures: there is no text layer"),
        ("verschluesselt.pdf", "PDF needs a password"),
        ("abgeschnitten.pdf", "PDF damaged or cut off"),
        ("programm.pdf", "not a PDF"),
        ("text.docx", "not a DOCX: no zip archive"),
        ("alt.docx", "encrypted, or of the old format .doc"),
        ("leer.html", "empty"),
        ("rohr.txt", "a pipe, socket or device, no file"),
        ("kreis.txt", "Too many levels of symbolic links"),
        ("bombe.zip", "unpacks to too much; the rest is left out"),
    ],
)
def test_the_reason_is_told(hostile: dict[str, str], name: str, reason: str) -> None:
    assert hostile[name] == reason


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("hostile")
    file_samples.hostile(folder)
    return {Path(it.source).name: it.reason for it in read(folder) if isinstance(it, SourceProblem)}


def test_a_converter_that_hangs_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_samples.as_docx(tmp_path / "gut.docx", TITLE, PARAGRAPHS)
    with Converter(longest=0.0) as converter:
        with pytest.raises(ConversionError, match="takes over 0 seconds to read"):
            converter.convert("docx", tmp_path / "gut.docx")
        monkeypatch.setattr(converter, "_longest", 60.0)
        assert converter.convert("docx", tmp_path / "gut.docx").text.startswith(f"# {TITLE}")


def test_a_converter_that_ends_costs_one_file(tmp_path: Path) -> None:
    file_samples.as_docx(tmp_path / "gut.docx", TITLE, PARAGRAPHS)
    with Converter() as converter:
        converter.convert("docx", tmp_path / "gut.docx")
        assert converter._process
        converter._process.kill()
        converter._process.wait()
        with pytest.raises(ConversionError, match="takes too much time or memory"):
            converter.convert("docx", tmp_path / "gut.docx")
        assert converter.convert("docx", tmp_path / "gut.docx").text


def test_the_reports_say_the_same_as_pdf_docx_and_html(reports: Path, tmp_path: Path) -> None:
    for raw in read(reports):
        assert isinstance(raw, RawDocument)
        document = to_document(raw)
        paragraphs = document.text.split("\n")
        stem = tmp_path / Path(document.document_id).stem
        file_samples.as_pdf(stem.with_suffix(".pdf"), TITLE, paragraphs)
        file_samples.as_docx(stem.with_suffix(".docx"), TITLE, paragraphs)
        file_samples.as_html(stem.with_suffix(".html"), TITLE, paragraphs)
        for suffix in (".pdf", ".docx", ".html"):
            assert canonical(stem.with_suffix(suffix)).split("\n") == [TITLE, *paragraphs]
