"""Learning which dimensions tell an answer."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from eval.tuning.diagonal_metric import TrainingQuestion, learn, load
from indexer.errors import SourceError


def written(folder: Path, *rows: dict[str, object]) -> Path:
    with gzip.open(folder / "some.sentences.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def test_the_informative_dimension_has_the_highest_weight() -> None:
    random = np.random.default_rng(0)
    # Of eight dimensions the first is shared with the sentence that answers, the others are noise.
    questions = random.normal(0, 1, (200, 8)).astype(np.float32)
    right = random.normal(0, 1, (200, 8)).astype(np.float32)
    right[:, 0] = questions[:, 0]
    wrong = random.normal(0, 1, (200, 8)).astype(np.float32)
    sentences = np.concatenate([right, wrong]) / 8
    items = [TrainingQuestion(n, (n,), (200 + n,)) for n in range(200)]
    result = learn(items, questions / 8, sentences, np.zeros(8, np.float32))
    assert np.argmax(result["weights"]) == 0
    assert result["figures"]["metric"] >= result["figures"]["cosine"]


def test_sentences_are_read_by_question_and_label(tmp_path: Path) -> None:
    written(
        tmp_path,
        {"question": "Who?", "text": "She did.", "label": 1},
        {"question": "Who?", "text": "It rained.", "label": 0},
        {"question": "Why?", "text": "It rained.", "label": 1},
        {"question": "Who?", "text": "A whole passage.", "label": 0, "unit": "passage"},
    )
    items, questions, sentences = load(tmp_path)
    # "Why?" has nothing wrong beside it, so nothing can be learned from it.
    assert [questions[item.question] for item in items] == ["Who?"]
    assert [sentences[n] for n in items[0].positive + items[0].negative] == ["She did.", "It rained."]


def test_a_folder_without_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no \*\.sentences\.jsonl\.gz or selqa_en\.jsonl\.gz"):
        load(tmp_path)
