"""The second stage of the reader's training: made questions, mixed languages, parallel sentences."""

import gzip
import json
import random
from pathlib import Path

import pytest

from eval.lab.reranker_training.augmentation.clozes import ParallelText, clozes
from eval.lab.reranker_training.augmentation.code_switching import Compounds, Lexicon
from eval.lab.reranker_training.augmentation.unanswerable import (
    Vocabulary,
    with_negation,
    with_opposite,
    with_other_word,
)
from eval.lab.reranker_training.candidate_pools import Pool, PooledPassage
from eval.lab.reranker_training.examples import Example
from eval.lab.reranker_training.stage_two import Recipe, examples

PAIRS = [
    ("the dog sleeps", "der Hund schläft"),
    ("the cat sleeps", "die Katze schläft"),
    ("the dog eats", "der Hund frisst"),
    ("a dog sleeps here", "ein Hund schläft hier"),
    ("a cat eats here", "eine Katze frisst hier"),
    ("the bird eats", "der Vogel frisst"),
    ("here sleeps a bird", "hier schläft ein Vogel"),
]


def test_a_lexicon_has_words_of_parallel_sentences() -> None:
    words = Lexicon.learn(PAIRS).words
    best = {word: words[word][0][0] for word in ("dog", "cat", "bird", "sleeps", "eats")}
    assert best == {"dog": "Hund", "cat": "Katze", "bird": "Vogel", "sleeps": "schläft", "eats": "frisst"}


def test_equal_pairs_give_an_equal_lexicon() -> None:
    assert Lexicon.learn(PAIRS) == Lexicon.learn(list(PAIRS))


def test_code_switching_keeps_numbers_names_and_the_span_of_the_answer() -> None:
    lexicon = Lexicon({"dog": (("Hund", 1.0),), "sleeps": (("schläft", 1.0),), "yard": (("Hinterhof", 1.0),)})
    text = "The dog of Hà Giang sleeps in yard 57."
    place = text.index("yard 57"), text.index("yard 57") + len("yard 57")
    switched, then = lexicon.switched(text, random.Random(1), 1.0, place)
    assert switched == "The Hund of Hà Giang schläft in Hinterhof 57."
    assert then is not None and switched[slice(*then)] == "Hinterhof 57"


def test_switching_no_share_changes_nothing() -> None:
    lexicon = Lexicon({"dog": (("Hund", 1.0),)})
    assert lexicon.switched("A dog.", random.Random(1), 0.0, (2, 5)) == ("A dog.", (2, 5))


def test_syllables_that_occur_together_are_one_word() -> None:
    texts = ["quốc gia này", "một quốc gia", "quốc gia kia", "này một kia", "kia này một", "một kia"] * 3
    compounds = Compounds.learn(texts)
    assert compounds.words("một quốc gia này") == ["một", "quốc gia", "này"]


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Who was the first president?", "Tom was the first.", {"Who was the last president?"}),
        ("Wer war der erste Mann?", "Tom war der erste.", {"Wer war der letzte Mann?"}),
        # A text that says both may answer both.
        ("Who was the first president?", "Tom was the first, Ed the last.", set()),
        ("Who was it?", "It was Tom.", set()),
    ],
)
def test_the_opposite_question_is_unanswerable(question: str, text: str, expected: set[str]) -> None:
    made = [with_opposite(Example(question, text, True), random.Random(seed)) for seed in range(20)]
    assert {example.question for example in made if example} == expected
    assert not any(example.answers for example in made if example)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "When was Tesla born?",
            {"When wasn't Tesla born?", "When was not Tesla born?", "When was never Tesla born?"},
        ),
        ("Wann wurde Tesla geboren?", {"Wann wurde Tesla nicht geboren?"}),
        ("When wasn't Tesla born?", set()),
        ("Which city?", set()),
    ],
)
def test_a_negated_question_is_unanswerable(question: str, expected: set[str]) -> None:
    made = [with_negation(Example(question, "Tesla.", True), random.Random(seed)) for seed in range(30)]
    assert {example.question for example in made if example} == expected


def test_unanswering_examples_have_no_variants() -> None:
    example = Example("Who was the first president?", "Tom.", False)
    assert with_opposite(example, random.Random(1)) is None
    assert with_negation(example, random.Random(1)) is None
    assert with_other_word(example, Vocabulary.of([example]), random.Random(1)) is None


def test_another_word_is_one_of_its_kind() -> None:
    known = [
        Example("What is the principle of government?", "It is freedom.", True),
        Example("What is the theory of settlement?", "It is old.", True),
    ]
    vocabulary = Vocabulary.of(known)
    made = [with_other_word(known[0], vocabulary, random.Random(seed)) for seed in range(40)]
    assert {example.question for example in made if example} == {"What is the principle of settlement?"}


TEXTS = ParallelText(
    {
        "en": ["The fire broke out in 1939.", "Tesla paid for it.", "Nobody was there that day."],
        "de": ["Das Feuer brach 1939 aus.", "Bezahlt hat Tesla.", "An jenem Tag war niemand dort."],
        "vi": ["Hỏa hoạn xảy ra năm 1939.", "Người trả là Tesla.", "Hôm đó không có ai ở đó."],
    }
)


def test_a_cloze_asks_for_a_word_with_the_same_spelling_in_both_languages() -> None:
    found = [example for example in clozes(TEXTS, "en", "de", random.Random(2)) if example.answers]
    assert [example.question for example in found] == [
        "The fire broke out in when?",
        "Tesla paid for it?",  # the first word of a sentence may have its capital from there
        "Nobody was there that day?",
    ]
    assert found[0].span is not None and found[0].text[slice(*found[0].span)] == "1939"
    assert "Das Feuer brach 1939 aus." in found[0].text


def test_each_cloze_has_an_unanswerable_counterpart() -> None:
    for seed in range(20):
        for example in clozes(TEXTS, "vi", "de", random.Random(seed)):
            if not example.answers and example.question.startswith("Hỏa hoạn"):
                assert "1939" not in example.text or "1939" not in example.question


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def data_folder(folder: Path) -> tuple[Path, dict[str, list[Pool]]]:
    """A folder in the layout of the material, with one unanswerable question and parallel sentences."""
    text = "Nikola Tesla was born in 1856 in Smiljan. The first man to light the city, he died in New York."
    for name in Recipe().rows:
        rows: list[dict[str, object]] = [
            {"question": f"When was the first man {i} born?", "text": f"{text} {name} {i}.", "label": i % 2}
            for i in range(8)
        ]
        write(folder / "train" / f"{name}.jsonl.gz", rows)
    for name in ("flores_pairs", "ntrex_pairs", "tatoeba_pairs", "belebele_de_en"):
        pairs: list[dict[str, object]] = [
            {"a": sentences[a][i], "b": sentences[b][i], "lang_a": a, "lang_b": b, "i": i}
            for sentences in (TEXTS.sentences,)
            for a, b in (("de", "en"), ("vi", "en"), ("de", "vi"))
            for i in range(len(TEXTS))
        ]
        write(folder / "train" / f"{name}.pairs.jsonl.gz", pairs)
    pools: dict[str, list[Pool]] = {}
    for name in ("xquad", "mlqa-dev", "squad2-en", "covid-faq", "dip21"):
        place = folder / name
        place.mkdir()
        ids = [f"{name}{i}" for i in range(12)]
        (place / "corpus.jsonl").write_text(
            "".join(json.dumps({"_id": d, "text": f"{text} Of {d}."}) + "\n" for d in ids)
        )
        queries = [{"_id": f"q-{d}", "text": f"Where was {d} born?", "lang": "en"} for d in ids]
        (place / "queries.jsonl").write_text("".join(json.dumps(q) + "\n" for q in queries))
        (place / "qrels.tsv").write_text("".join(f"q-{d}\t{d}\t1\n" for d in ids))
        found = tuple(PooledPassage(d, f"{text} Of {d}.", 1.0) for d in ids[:5])
        pools[name] = [Pool(f"q-{d}", f"Where was {d} born?", "en", (d,), False, found) for d in ids]
    pools["xquad"].append(Pool("u", "Where was nobody born?", "en", (), True, pools["xquad"][0].found))
    del pools["dip21"]
    return folder, pools


def test_equal_seeds_give_equal_examples_of_every_kind(tmp_path: Path) -> None:
    data, pools = data_folder(tmp_path)
    found = examples(data, pools, Recipe(), 57)
    assert found == examples(data, pools, Recipe(), 57)
    for kind in ("other number", "other word", "opposite", "negation", "clozes", "titles"):
        assert found[kind], kind
        assert kind in ("clozes", "titles") or not any(example.answers for example in found[kind])


def test_questions_that_people_wrote_are_repeated(tmp_path: Path) -> None:
    data, pools = data_folder(tmp_path)
    again = examples(data, pools, Recipe(unanswerable=3), 57)["unanswerable, again"]
    # Four of eight rows in each of the two files of SQuAD 2.0, twice more.
    assert len(again) >= 2 * 2 * 4 and not any(example.answers for example in again)


def test_titles_of_held_out_proceedings_are_not_trained_on(tmp_path: Path) -> None:
    from eval.datasets.held_out import is_held_out

    data, pools = data_folder(tmp_path)
    asked = {example.question for example in examples(data, pools, Recipe(), 57)["titles"]}
    assert asked == {f"Where was dip21{i} born?" for i in range(12) if not is_held_out(f"dip21{i}")}
