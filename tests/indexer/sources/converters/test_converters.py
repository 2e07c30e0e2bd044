"""Conversion of HTML, DOCX and PDF, and harmful files."""

import random
import subprocess
import sys
from pathlib import Path

import file_samples
import pytest

pytest.importorskip("docx", reason="the extras are not installed")

from indexer.documents import RawDocument
from indexer.preprocessing.metadata import to_document
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
def test_a_pdf_becomes_paragraphs_without_running_titles(tmp_path: Path, columns: int) -> None:
    # Long enough for several pages, on each of which the running title stands; no line of it twice.
    mixed = random.Random(57)
    words = [word.strip(".") for word in " ".join(PARAGRAPHS).split() if not word.endswith("-")]
    paragraphs = [f"{' '.join(mixed.sample(words, 40))} zum Schluss." for _ in range(60)]
    file_samples.as_pdf(
        tmp_path / "a.pdf", TITLE, paragraphs, header="Nur für den Dienstgebrauch", columns=columns
    )
    assert canonical(tmp_path / "a.pdf").split("\n") == [TITLE, *paragraphs]


def test_a_docx_becomes_headings_items_and_rows_with_the_names_of_their_columns(tmp_path: Path) -> None:
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


def test_only_the_main_text_of_a_page_is_read_with_url_and_date(tmp_path: Path) -> None:
    file_samples.as_html(
        tmp_path / "a.html", TITLE, PARAGRAPHS, url="https://a.example/b", date="2025-03-17T08:00:00+07:00"
    )
    [raw] = read(tmp_path / "a.html")
    assert isinstance(raw, RawDocument)
    document = to_document(raw)
    assert document.text.split("\n") == [TITLE, *PARAGRAPHS]
    assert (document.title, document.url, document.published) == (TITLE, "https://a.example/b", "2025-03-17")


def test_only_the_main_text_of_a_short_page_is_read(tmp_path: Path) -> None:
    file_samples.as_html(tmp_path / "a.html", TITLE, ["Die Brücke kostete 5 Milliarden Dong."])
    assert canonical(tmp_path / "a.html").split("\n") == [TITLE, "Die Brücke kostete 5 Milliarden Dong."]


def test_a_date_that_the_page_does_not_state_is_not_guessed(tmp_path: Path) -> None:
    file_samples.as_html(
        tmp_path / "a.html", TITLE, [*PARAGRAPHS, "Die Resolution vom 22. Dezember 2024 gilt seit 2025."]
    )
    [raw] = read(tmp_path / "a.html")
    assert isinstance(raw, RawDocument) and "date" not in raw.fields


def test_harmful_files_are_refused_and_the_others_are_read(tmp_path: Path) -> None:
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


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is known on Linux only")
def test_harmful_files_take_little_memory(tmp_path: Path) -> None:
    file_samples.hostile(tmp_path)
    program = (
        "import re, resource, sys; from pathlib import Path; from indexer.sources.reader import read_sources;"
        "list(read_sources([Path(sys.argv[1])]));"
        # Not by getrusage for the process itself, which counts the memory of this one before exec.
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
        ("gescannt.pdf", "a scan, or only pictures: no text layer"),
        ("verschluesselt.pdf", "PDF needs a password"),
        ("abgeschnitten.pdf", "PDF damaged or cut off"),
        ("programm.pdf", "not a PDF"),
        ("text.docx", "not a DOCX: not a zip archive"),
        ("alt.docx", "encrypted, or in the old format .doc"),
        ("leer.html", "empty"),
        ("rohr.txt", "a pipe, socket or device, not a file"),
        ("kreis.txt", "Too many levels of symbolic links"),
        ("bombe.zip", "too large when unpacked; the rest is left out"),
    ],
)
def test_the_reason_of_a_refusal_is_given(hostile: dict[str, str], name: str, reason: str) -> None:
    assert hostile[name] == reason


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("hostile")
    file_samples.hostile(folder)
    return {Path(it.source).name: it.reason for it in read(folder) if isinstance(it, SourceProblem)}


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
