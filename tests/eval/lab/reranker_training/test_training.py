"""Training material of the reader, the training itself on a tiny network, and its figures."""

import gzip
import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
import tiny_cross_encoder
import torch
from eval_command import run_eval
from safetensors import safe_open
from safetensors.torch import load_file

from eval.datasets.beir import BeirSet, load_beir
from eval.datasets.held_out import Split, is_held_out, write_held_out
from eval.lab.reranker_training import batches, evaluation, trainer
from eval.lab.reranker_training.candidate_pools import Pool, PooledPassage
from eval.lab.reranker_training.examples import (
    Example,
    from_rows,
    from_set,
    windows,
    with_other_name,
    with_other_number,
    without_answer,
)
from eval.lab.reranker_training.stage_one import Recipe, examples
from indexer.errors import ModelError, SourceError
from service.reranking.bundled import BundledCrossEncoder
from service.reranking.network import span_score
from service.reranking.pair_encoding import PairEncoder

TEXT = (
    "Nikola Tesla wurde 1856 in Smiljan geboren, das heute in Kroatien liegt. "
    "Er starb am 7. Januar 1943 in New York. "
    "Nach ihm ist die Einheit der magnetischen Flussdichte benannt."
)
ANSWER = (TEXT.index("7. Januar 1943"), TEXT.index("7. Januar 1943") + len("7. Januar 1943"))
DIED = Example("Wann starb Tesla?", TEXT, True, ANSWER)


def rows_file(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def test_rows_become_examples_with_the_span_of_the_answer(tmp_path: Path) -> None:
    answer = {"text": "7. Januar 1943", "start": ANSWER[0]}
    path = rows_file(
        tmp_path / "a.jsonl.gz",
        [
            {"question": "Wann starb Tesla?", "text": TEXT, "label": 1, "answers": [answer]},
            {"question": "Wann starb Tesla?", "text": TEXT, "label": 1, "answers": [answer | {"start": 3}]},
            {"question": "Wer war das?", "text": "Niemand.", "label": 0},
        ],
    )
    assert from_rows(path) == [
        DIED,
        Example("Wann starb Tesla?", TEXT, True),  # a place where the text says something else
        Example("Wer war das?", "Niemand.", False),
    ]


@pytest.mark.parametrize(
    "row", [{"question": "a?", "text": "b"}, {"text": "b", "label": 1}, {"question": "a?"}]
)
def test_an_incomplete_row_is_named(tmp_path: Path, row: dict[str, object]) -> None:
    path = rows_file(tmp_path / "a.jsonl.gz", [row])
    with pytest.raises(SourceError, match=rf"^{path}:1: field "):
        from_rows(path)


def test_a_text_without_its_answering_sentence_does_not_answer() -> None:
    left = without_answer(DIED)
    assert left is not None and not left.answers and left.span is None
    assert "1943" not in left.text and "Smiljan" in left.text and "Flussdichte" in left.text


@pytest.mark.parametrize(
    "example",
    [
        Example("Wann?", TEXT, True),
        Example("Wann?", TEXT, False, ANSWER),
        Example("Wann?", "Er starb 1943.", True, (9, 13)),
        # The answer stands in another sentence too.
        Example("Wann?", f"{TEXT} Das war am 7. Januar 1943.", True, ANSWER),
    ],
)
def test_a_sentence_is_only_removed_if_the_rest_does_not_answer(example: Example) -> None:
    assert without_answer(example) is None


def test_windows_are_a_sentence_with_the_answer_and_one_without() -> None:
    right, wrong = windows(DIED, random.Random(3))
    assert right.answers and right.span is not None
    assert right.text[slice(*right.span)] == "7. Januar 1943"
    assert len(right.text) < len(TEXT) and right.text in TEXT
    assert not wrong.answers and "1943" not in wrong.text and wrong.text in TEXT


def test_a_question_with_another_number_is_unanswerable() -> None:
    found = with_other_number(Example("Was geschah 1943?", TEXT, True), random.Random(1))
    assert found is not None and not found.answers and found.text == TEXT
    assert found.question.startswith("Was geschah ") and "1943" not in found.question
    assert with_other_number(Example("Was geschah 1944?", TEXT, True), random.Random(1)) is None


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("Where did Tesla meet Edison?", "Where did Tesla meet Westinghouse?"),
        ("Wo traf er George Westinghouse?", "Wo traf er Thomas Edison?"),
        ("Wo traf er den Mann?", None),  # a German noun is no name
        ("Tesla?", None),
    ],
)
def test_a_question_with_another_name_is_unanswerable(question: str, other: str | None) -> None:
    text = {
        "Where": "In Paris, Tesla met Edison, not Westinghouse.",
        "Wo": "Dort traf er den Mann namens George Westinghouse, nicht aber Thomas Edison.",
    }.get(question.split()[0], "Tesla.")
    asked = {
        found.question
        for seed in range(30)
        if (found := with_other_name(Example(question, text, True), random.Random(seed)))
    }
    assert other in asked if other else not asked


def set_folder(folder: Path, queries: list[dict[str, object]], qrels: dict[str, str]) -> BeirSet:
    folder.mkdir()
    (folder / "queries.jsonl").write_text("".join(json.dumps(q) + "\n" for q in queries))
    (folder / "qrels.tsv").write_text("".join(f"{q}\t{d}\t1\n" for q, d in qrels.items()))
    return load_beir(folder)


def test_paragraphs_that_share_a_question_are_on_one_side(tmp_path: Path) -> None:
    german = [{"_id": f"g{i}", "text": f"What is number {i}?"} for i in range(40)]
    english = [{"_id": f"e{i}", "text": f"what is number {i}"} for i in range(40)]
    english += [
        {"_id": f"u{i}", "text": f"What is colour {i}?", "unanswerable": True, "about": [f"en{i}"]}
        for i in range(40)
    ]
    sets = [
        set_folder(tmp_path / "a", german, {f"g{i}": f"de{i}" for i in range(40)}),
        set_folder(tmp_path / "b", english, {f"e{i}": f"en{i}" for i in range(40)}),
    ]
    split = Split.of(sets)
    sides = {split.holds_out_document("a", f"de{i}") for i in range(40)}
    assert sides == {True, False}
    for i in range(40):
        side = split.holds_out_document("a", f"de{i}")
        assert split.holds_out_document("b", f"en{i}") == side
        # Whatever it is found with, and wherever it is asked.
        assert split.holds_out_question("c", f"What is colour {i}?", []) == side
        assert split.shared["a", f"de{i}"] == (("b", f"en{i}"),)


def test_held_out_questions_are_a_set_of_their_own(tmp_path: Path) -> None:
    queries: list[dict[str, object]] = [{"_id": f"q{i}", "text": f"Was ist {i}?"} for i in range(3)]
    dataset = set_folder(tmp_path / "a", queries, {"q0": "d0", "q1": "d1"})
    (dataset.folder / "corpus.jsonl").write_text('{"_id": "d0", "text": "Null."}\n')
    (dataset.folder / "unanswerable.jsonl").write_text('{"_id": "u0", "text": "?"}\n')
    write_held_out(load_beir(dataset.folder), {"q1", "u0"}, tmp_path / "b")
    written = load_beir(tmp_path / "b")
    assert [(q.query_id, q.unanswerable) for q in written.queries] == [("q1", False), ("u0", True)]
    assert written.qrels["q1"] == {"d1": 1}
    assert written.corpus.read_text() == dataset.corpus.read_text()


def data_folder(folder: Path) -> tuple[Path, dict[str, list[Pool]]]:
    """A folder in the layout of the material, and pools of its sets."""
    for name in Recipe().rows:
        rows_file(
            folder / "train" / f"{name}.jsonl.gz",
            [{"question": f"Frage {i}?", "text": f"{name} sagt {i} dazu.", "label": i % 2} for i in range(6)],
        )
    pools: dict[str, list[Pool]] = {}
    for name in ("xquad", "mlqa-dev", "squad2-en", "covid-faq"):
        place = folder / name
        place.mkdir()
        documents = [f"{name}x{i}" for i in range(30)]
        (place / "corpus.jsonl").write_text(
            "".join(json.dumps({"_id": d, "text": f"{TEXT} Text {d}."}) + "\n" for d in documents)
        )
        queries = [
            {"_id": f"q-{d}", "text": f"Wann starb {d}?", "lang": "de", "answers": ["7. Januar 1943"]}
            for d in documents
        ]
        queries.append(
            {"_id": "un", "text": "Wer?", "lang": "de", "unanswerable": True, "about": [documents[0]]}
        )
        (place / "queries.jsonl").write_text("".join(json.dumps(q) + "\n" for q in queries))
        (place / "qrels.tsv").write_text("".join(f"q-{d}\t{d}\t1\n" for d in documents))
        found = tuple(PooledPassage(d, f"{TEXT} Text {d}.", 1.0) for d in documents[:10])
        pools[name] = [Pool(f"q-{d}", f"Wann starb {d}?", "de", (d,), False, found) for d in documents]
    return folder, pools


def test_held_out_documents_are_not_trained_on(tmp_path: Path) -> None:
    data, pools = data_folder(tmp_path)
    found = examples(data, pools, Recipe(), 57)
    seen = {f"{name}x{i}" for name in pools for i in range(30) if not is_held_out(f"{name}x{i}")}
    kept_out = {f"{name}x{i}" for name in pools for i in range(30)} - seen
    texts = [text for group in found.values() for e in group for text in (e.question, e.text)]
    assert kept_out and seen
    for document in kept_out:
        assert not [text for text in texts if f" {document}." in text or f" {document}?" in text]
    assert [text for text in texts if f" {min(seen)}." in text]


def test_equal_seeds_give_equal_examples(tmp_path: Path) -> None:
    data, pools = data_folder(tmp_path)
    assert examples(data, pools, Recipe(), 57) == examples(data, pools, Recipe(), 57)
    assert examples(data, pools, Recipe(), 57) != examples(data, pools, Recipe(), 58)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    data, pools = data_folder(tmp_path)
    (data / "train" / "tydiqa_en.jsonl.gz").unlink()
    with pytest.raises(SourceError, match=r"train: no tydiqa_en\.jsonl\.gz or tydiqa_en\.jsonl there"):
        examples(data, pools, Recipe(), 57)


def test_questions_of_a_set_have_their_relevant_document(tmp_path: Path) -> None:
    data, _ = data_folder(tmp_path)
    dataset = load_beir(data / "xquad")
    everything = Split({("xquad", "xquadx1"): False}, {}, {})
    found = list(from_set(dataset, {"xquadx1": TEXT}, everything))
    assert found == [Example("Wann starb xquadx1?", TEXT, True, ANSWER)]


PAIRS = [
    ("wann starb tesla ?", "tesla starb 1943 .", (12, 16)),
    ("wann starb bach ?", "bach starb 1750 .", (11, 15)),
    ("wo lebt der hund ?", "der hund lebt in berlin .", (17, 23)),
    ("wo lebt die katze ?", "die katze lebt in wien .", (18, 22)),
]
SMALL = [Example(question, text, True, span) for question, text, span in PAIRS] + [
    Example(question, other, False) for question, text, _ in PAIRS for _, other, _ in PAIRS if other != text
]


_ROUNDS = 300


def small_batches() -> list[list[batches.Row]]:
    rows = batches.rows(SMALL, PairEncoder(tiny_cross_encoder.tokenizer()))
    return [batch for seed in range(_ROUNDS) for batch in batches.batches(rows, seed)]


def test_a_row_has_the_tokens_of_its_answer() -> None:
    row = batches.rows(SMALL[:1], PairEncoder(tiny_cross_encoder.tokenizer()))[0]
    words = ["<s>", "<pad>", "</s>", "<unk>", *tiny_cross_encoder.WORDS]
    expected = "<s> wann starb tesla ? </s> </s> tesla starb 1943 . </s>"
    assert " ".join(words[i] for i in row.pair.ids) == expected
    assert words[row.pair.ids[row.start]] == words[row.pair.ids[row.end]] == "1943"
    wrong = batches.rows(SMALL[4:5], PairEncoder(tiny_cross_encoder.tokenizer()))[0]
    assert (wrong.answers, wrong.start, wrong.end) == (False, 0, 0)


def test_a_truncated_answer_does_not_count() -> None:
    row = batches.rows(SMALL[2:3], PairEncoder(tiny_cross_encoder.tokenizer(), longest=13))[0]
    assert (row.answers, row.start) == (False, 0)


def test_batches_hold_every_row_once_within_their_bounds() -> None:
    rows = batches.rows(SMALL * 30, PairEncoder(tiny_cross_encoder.tokenizer()))
    found = batches.batches(rows, 1)
    assert sorted(id(row) for batch in found for row in batch) == sorted(map(id, rows))
    assert max(map(len, found)) == batches.ROWS
    assert found == batches.batches(rows, 1) != batches.batches(rows, 2)


def test_a_network_learns_relevance_and_spans(tmp_path: Path) -> None:
    network, tokenizer = tiny_cross_encoder.network(), tiny_cross_encoder.tokenizer()
    schedule = trainer.Schedule(rate=3e-3, heads=1.0, average=0.9)
    averaged = trainer.train(network, small_batches(), tokenizer.pad_token_id, tmp_path, schedule)
    network.load_trained(averaged)
    cross_encoder = BundledCrossEncoder(network, PairEncoder(tokenizer), "tiny", "0", bfloat16=False)
    words = [[(match.start(), match.end()) for match in re.finditer(r"\S+", e.text)] for e in SMALL]
    scores = cross_encoder.score([e.question for e in SMALL], [e.text for e in SMALL], words)
    assert [score.relevance > 0 for score in scores] == [e.answers for e in SMALL]
    best = [spans[int(np.argmax(score.span_scores))] for score, spans in zip(scores, words, strict=True)]
    assert best[:4] == [span for _, _, span in PAIRS]
    assert all((max(s.span_scores) > 0) == e.answers for s, e in zip(scores, SMALL, strict=True))
    log = list(trainer.log_rows(tmp_path))
    assert log[-1]["relevance"] < 0.1 < log[0]["relevance"]


def test_a_stopped_training_continues_from_its_checkpoint(tmp_path: Path) -> None:
    schedule, given = trainer.Schedule(rate=1e-3), small_batches()[:8]
    whole = trainer.train(tiny_cross_encoder.network(), given, 1, tmp_path / "whole", schedule)

    class Stopped(Exception):
        pass

    def stop(done: int, _whole: int) -> None:
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        trainer.train(tiny_cross_encoder.network(), given, 1, tmp_path / "parts", schedule, stop, 2)
    steps: list[int] = []
    resumed = trainer.train(
        tiny_cross_encoder.network(),
        given,
        1,
        tmp_path / "parts",
        schedule,
        lambda done, _: steps.append(done),
    )
    assert steps == [5, 6, 7, 8]
    for name, value in whole.items():
        if "embeddings" not in name:
            torch.testing.assert_close(resumed[name], value, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("size", "start"), [(3, 1), (2, 2)])  # other examples, other weights to begin with
def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path, size: int, start: int) -> None:
    trainer.train(tiny_cross_encoder.network(), small_batches()[:2], 1, tmp_path, trainer.Schedule())
    with pytest.raises(SourceError, match=r"checkpoint\.pt: checkpoint of another training"):
        trainer.train(
            tiny_cross_encoder.network(start), small_batches()[:size], 1, tmp_path, trainer.Schedule()
        )


def test_the_rate_rises_and_falls() -> None:
    rates = [trainer.Schedule(warm_up=0.1).at(step, 100) for step in range(100)]
    assert rates[0] == 0.1 and max(rates) == rates[9] == 1.0 and rates[-1] < 0.01


def test_a_result_is_weights_in_half_precision_with_what_they_were_trained_on(tmp_path: Path) -> None:
    weights = trainer.train(
        tiny_cross_encoder.network(), small_batches()[:2], 1, tmp_path, trainer.Schedule()
    )
    trainer.write_result(tmp_path, weights, {"seed": 1}, {"small": 16}, trainer.Schedule(), "abc")
    with safe_open(tmp_path / "weights.safetensors", "pt") as file:
        assert file.metadata() == {"base": "abc"}
    stored = load_file(tmp_path / "weights.safetensors")
    assert not [name for name in stored if name.startswith("embeddings.")]
    assert {value.dtype for value in stored.values()} == {torch.float16}
    assert json.loads((tmp_path / "training.json").read_text())["examples"] == {"small": 16}
    assert (tmp_path / "training.svg").read_text().startswith("<svg")


def test_a_span_score_is_that_of_the_best_short_span_inside() -> None:
    starts, ends = np.array([0.0, 9.0, 0.0, 5.0, 1.0], "f"), np.array([1.0, 0.0, 6.0, 0.0, 4.0], "f")
    assert span_score(starts, ends, 2, 4) == 5.0 + 4.0 - 1.0  # not 5 + 6: an end before its start
    far, last = np.zeros(60, "f"), np.zeros(60, "f")
    far[5], last[50] = 9.0, 8.0
    assert span_score(far, last, 1, 59) == 9.0


def pool(language: str, relevant: str, *found: str, unanswerable: bool = False) -> Pool:
    hits = tuple(PooledPassage(name, name, 1.0 - 0.01 * place) for place, name in enumerate(found))
    return Pool("q", "?", language, (relevant,) if relevant else (), unanswerable, hits)


def test_a_good_cross_encoder_raises_the_ndcg() -> None:
    scored = evaluation.ScoredPool(pool("en", "b", "a", "b", "c"), (-3.0, 3.0, -3.0))
    assert evaluation.ndcg([scored], 0.0) == {"en": pytest.approx(1 / np.log2(3))}
    assert evaluation.ndcg([scored], 0.05) == {"en": 1.0}


def test_passages_that_were_not_scored_stay_below_those_that_were() -> None:
    scored = evaluation.ScoredPool(pool("en", "c", "a", "b", "c"), (-6.0, -6.0))
    assert evaluation.ndcg([scored], 0.1) == {"en": pytest.approx(1 / np.log2(4))}


def test_rejection_uses_the_highest_score_of_the_first_passages() -> None:
    scored = [
        *(evaluation.ScoredPool(pool("en", "a", "a", "b"), (-1.0, 2.0)) for _ in range(9)),
        evaluation.ScoredPool(pool("en", "a", "a"), (-5.0,)),
        evaluation.ScoredPool(pool("en", "", "a", unanswerable=True), (-2.0,)),
        evaluation.ScoredPool(pool("en", "", "a", unanswerable=True), (3.0,)),
        evaluation.ScoredPool(pool("de", "", "a", unanswerable=True), (9.0,)),
    ]
    assert evaluation.rejection(scored) == {
        "auroc": 9 / 20,
        "refused": 0.5,
        "answerable": 10,
        "unanswerable": 2,
    }


def test_a_folder_without_training_data_is_one_line(tmp_path: Path) -> None:
    into = ["--into", str(tmp_path / "out")]
    for command in (
        ["train", str(tmp_path), *into],
        ["held-out", str(tmp_path), *into],
        ["measure", str(tmp_path)],
    ):
        result = run_eval("reader", *command, "--cache", tmp_path / "cache")
        assert (result.exit_code, result.stderr) == (1, f"error: {tmp_path}: no folder train\n")


@pytest.mark.parametrize("data", [b"", b"no weights at all", None])
def test_invalid_weights_are_one_line(tmp_path: Path, data: bytes | None) -> None:
    file = tmp_path / "weights.safetensors"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(ModelError, match=rf"^cannot load the cross-encoder {file}: "):
        BundledCrossEncoder.load(file)
