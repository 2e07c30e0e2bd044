"""Question sets: what is read, and how a broken one is named."""

import gzip
import json
from pathlib import Path

import pytest

from eval.datasets.beir import BeirSet, load_beir
from eval.datasets.loading import load
from eval.datasets.question_file import Gold, QuestionSet, load_questions
from indexer.errors import SourceError

QUERIES = [
    {"_id": "q1-de", "text": " Was gilt? ", "lang": "de", "answers": ["Resolution 57"]},
    {"_id": "q1-en", "text": "What applies?", "lang": "en"},
    {"_id": "q2", "text": "Wo?", "unanswerable": True},
]
QRELS = "query-id\tcorpus-id\tscore\nq1-de\td1\t1\nq1-en\td1\t2\nq1-en\td2\t0\n"
CASE = {
    "id": "a-de",
    "parallel": "a",
    "kind": "fact",
    "lang": "de",
    "question": "Wer?",
    "status": "answered",
    "gold": [{"document": "d.txt", "start": 0, "end": 3, "quote": "Ein Satz."}],
}


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(r if isinstance(r, str) else json.dumps(r) + "\n" for r in rows), "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "set" / "queries.jsonl", *QUERIES)
    write(tmp_path / "set" / "qrels.tsv", QRELS)
    return tmp_path / "set"


def test_a_folder_is_a_beir_set(folder: Path) -> None:
    dataset = load(folder)

    assert isinstance(dataset, BeirSet)
    assert dataset.name == "set"
    assert [q.text for q in dataset.queries] == ["Was gilt?", "What applies?", "Wo?"]
    assert [q.language for q in dataset.queries] == ["de", "en", "und"]
    assert dataset.queries[0].answers == ("Resolution 57",)
    assert dataset.qrels == {"q1-de": {"d1": 1}, "q1-en": {"d1": 2, "d2": 0}, "q2": {}}


def test_translations_are_recognised_by_the_suffix_of_their_id(folder: Path) -> None:
    assert [q.parallel for q in load_beir(folder).queries] == ["q1", "q1", "q2"]


def test_only_questions_with_a_relevant_document_are_judged(folder: Path) -> None:
    write(folder / "qrels.tsv", "q1-de\td1\t1\nq1-en\td2\t0\n")

    assert [q.query_id for q in load_beir(folder).judged] == ["q1-de"]


def test_gzipped_queries_and_the_original_layout_of_beir_are_read(tmp_path: Path) -> None:
    write(tmp_path / "qrels" / "test.tsv", QRELS)
    with gzip.open(tmp_path / "queries.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in QUERIES)

    assert len(load_beir(tmp_path).queries) == 3


def test_only_equal_sets_have_equal_digests(folder: Path) -> None:
    before = load_beir(folder).digest
    assert load_beir(folder).digest == before

    write(folder / "qrels.tsv", "q1-de\td2\t1\n")
    assert load_beir(folder).digest != before


def test_a_jsonl_file_is_a_question_file(tmp_path: Path) -> None:
    dataset = load(write(tmp_path / "dev.jsonl", CASE, "\n"))

    assert isinstance(dataset, QuestionSet)
    assert dataset.name == "dev"
    assert dataset.cases[0].gold == (Gold("d.txt", "Ein Satz."),)
    assert dataset.cases[0].query.parallel == "a"


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("queries.jsonl", "{\n", "queries.jsonl:1: no JSON"),
        ("queries.jsonl", "[]\n", "queries.jsonl:1: no JSON object"),
        ("queries.jsonl", '\n{"_id": "a"}\n', 'queries.jsonl:2: field "text" is missing'),
        ("queries.jsonl", '{"_id": "a", "text": "x"}\n' * 2, "queries.jsonl:2: query id 'a' occurs twice"),
        ("queries.jsonl", "", "queries.jsonl: no queries"),
        ("queries.jsonl", "\udcff", "queries.jsonl: cannot be read"),
        ("qrels.tsv", "q2\td1\n", "qrels.tsv:1: not query id, document id and a whole number"),
        ("qrels.tsv", "q2\td1\tyes\n", "qrels.tsv:1: not query id, document id and a whole number"),
        ("qrels.tsv", "q9\td1\t1\n", "qrels.tsv:1: no query 'q9' in the set"),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\n", "qrels.tsv: no judgements"),
    ],
)
def test_a_broken_set_is_named_with_file_and_line(
    folder: Path, file: str, content: str, message: str
) -> None:
    (folder / file).write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(SourceError) as caught:
        load_beir(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "maybe"}, "dev.jsonl:1: status 'maybe' is not one of answered, no_evidence"),
        ({"question": " "}, 'dev.jsonl:1: field "question" is missing'),
        ({"gold": "here"}, 'dev.jsonl:1: field "gold" is not a list of objects'),
        ({"gold": [{"document": "d"}]}, 'dev.jsonl:1: field "quote" is missing'),
    ],
)
def test_a_broken_question_is_named_with_file_and_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(SourceError) as caught:
        load_questions(write(tmp_path / "dev.jsonl", CASE | change))
    assert message in str(caught.value)


def test_question_ids_are_unique(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"dev.jsonl:2: question id 'a-de' occurs twice"):
        load_questions(write(tmp_path / "dev.jsonl", CASE, CASE))


def test_a_missing_file_or_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        load(tmp_path / "nothing.jsonl")
    with pytest.raises(SourceError, match=r"no queries.jsonl or queries.jsonl.gz there"):
        load(tmp_path)


def test_a_truncated_gzip_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "dev.jsonl.gz").write_bytes(gzip.compress(json.dumps(CASE).encode())[:-9])

    with pytest.raises(SourceError, match="cannot be read"):
        load(tmp_path / "dev.jsonl.gz")


def test_an_empty_question_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no questions"):
        load_questions(write(tmp_path / "dev.jsonl", ""))


def test_the_file_of_unanswerable_questions_is_read(folder: Path) -> None:
    before = load_beir(folder).digest
    write(folder / "unanswerable.jsonl", {"_id": "un-1", "text": "Wer baute den Mond?", "lang": "de"})
    dataset = load_beir(folder)
    assert {query.query_id for query in dataset.queries if query.unanswerable} == {"q2", "un-1"}
    assert "un-1" not in {query.query_id for query in dataset.judged}
    assert dataset.digest != before


def test_an_id_of_both_an_answerable_and_an_unanswerable_question_is_named(folder: Path) -> None:
    known = load_beir(folder).queries[0]
    write(folder / "unanswerable.jsonl", {"_id": known.query_id, "text": known.text})
    with pytest.raises(SourceError, match=f"{known.query_id!r} is also in queries.jsonl"):
        load_beir(folder)
