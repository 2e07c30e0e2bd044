"""Weights of terms in the lexical index."""

from pathlib import Path

import numpy as np
import pytest
from stores import lexical_index

from indexer.errors import IndexDamagedError
from indexer.storage.lexical_index import Bm25Index

PASSAGES = [["provinz", "=57", "mangel"], ["provinz", "provinz"], [], ["=157", "mangel", "mangel"]]


@pytest.fixture(params=["built", "opened"])
def lexical(request: pytest.FixtureRequest, tmp_path: Path) -> Bm25Index:
    index = lexical_index(PASSAGES)
    if request.param == "built":
        return index
    index.save(tmp_path / "lexical")
    return Bm25Index.open(tmp_path / "lexical", len(PASSAGES))


def test_passages_that_hold_the_terms_score(lexical: Bm25Index) -> None:
    scores = lexical.scores(["=57", "mangel"])
    assert scores.shape == (4,)
    assert scores.dtype == np.float32
    assert scores[0] > scores[3] > scores[1] == scores[2] == 0


def test_scores_are_a_share_of_what_could_be_reached(lexical: Bm25Index) -> None:
    assert 0 < lexical.scores(["provinz", "mangel", "=57", "=157"]).max() <= 1


def test_unknown_terms_keep_the_scores_low(lexical: Bm25Index) -> None:
    assert lexical.scores(["=57", "unbekannt"]).max() < lexical.scores(["=57"]).max()


@pytest.mark.parametrize("terms", [[], ["unbekannt"], [""]])
def test_without_known_terms_all_scores_are_zero(lexical: Bm25Index, terms: list[str]) -> None:
    assert not lexical.scores(terms).any()


def test_a_repeated_term_counts_once(lexical: Bm25Index) -> None:
    np.testing.assert_array_equal(lexical.scores(["=57", "=57"]), lexical.scores(["=57"]))


def test_passages_without_any_term_can_be_indexed(tmp_path: Path) -> None:
    lexical_index([[], []]).save(tmp_path / "lexical")
    assert not Bm25Index.open(tmp_path / "lexical", 2).scores(["mangel"]).any()


@pytest.mark.parametrize("damage", ["missing", "truncated", "no json"])
def test_a_lexical_index_that_cannot_be_read_is_named(tmp_path: Path, damage: str) -> None:
    lexical_index(PASSAGES).save(tmp_path / "lexical")
    if damage == "missing":
        (tmp_path / "lexical" / "vocab.index.json").unlink()
    elif damage == "truncated":
        (tmp_path / "lexical" / "data.csc.index.npy").write_bytes(b"\x93NUMPY")
    else:
        (tmp_path / "lexical" / "params.index.json").write_text("{")
    with pytest.raises(IndexDamagedError, match=r"^lexical: not a readable lexical index \("):
        Bm25Index.open(tmp_path / "lexical", len(PASSAGES))


WEIGHED = [["mangel", "straße"], ["mangel", "schule"], ["mangel", "mangel"], ["ziel"]]


def test_the_fewer_passages_contain_a_term_the_greater_its_idf() -> None:
    unknown, once, thrice = lexical_index(WEIGHED).idf(["hafen", "schule", "mangel"])
    assert unknown > once > thrice > 0


def test_a_repeated_term_has_the_same_idf() -> None:
    once, twice = lexical_index([["a", "b", "b"], ["c"]]).idf(["a", "b"])
    assert once == twice


def test_idf_is_that_of_lucene() -> None:
    assert lexical_index(WEIGHED).idf(["mangel"])[0] == pytest.approx(np.log(1 + 1.5 / 3.5))


def test_idf_is_in_the_order_of_the_terms() -> None:
    index = lexical_index(WEIGHED)
    assert index.idf([]).shape == (0,)
    np.testing.assert_array_equal(index.idf(["ziel", "mangel", "ziel"])[[0, 2]], index.idf(["ziel"] * 2))


def test_a_saved_index_has_the_same_idf(tmp_path: Path) -> None:
    built = lexical_index(WEIGHED)
    built.save(tmp_path)
    terms = ["mangel", "ziel", "hafen"]
    np.testing.assert_array_equal(Bm25Index.open(tmp_path, 4).idf(terms), built.idf(terms))


def test_every_term_of_an_empty_index_has_an_idf() -> None:
    assert lexical_index([[]]).idf(["mangel"])[0] > 0
