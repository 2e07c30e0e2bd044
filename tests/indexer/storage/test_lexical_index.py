"""What a term weighs in the lexical index."""

from pathlib import Path

import numpy as np
import pytest

from indexer.storage.lexical_index import Bm25Index

PASSAGES = [["mangel", "straße"], ["mangel", "schule"], ["mangel", "mangel"], ["ziel"]]


def test_the_fewer_passages_hold_a_term_the_rarer_it_is() -> None:
    unknown, once, thrice = Bm25Index.build(PASSAGES).idf(["hafen", "schule", "mangel"])
    assert unknown > once > thrice > 0


def test_a_term_said_twice_in_a_passage_is_no_less_rare() -> None:
    once, twice = Bm25Index.build([["a", "b", "b"], ["c"]]).idf(["a", "b"])
    assert once == twice


def test_rarity_is_the_inverse_document_frequency_of_lucene() -> None:
    assert Bm25Index.build(PASSAGES).idf(["mangel"])[0] == pytest.approx(np.log(1 + 1.5 / 3.5))


def test_terms_are_weighed_one_by_one_in_their_order() -> None:
    index = Bm25Index.build(PASSAGES)
    assert index.idf([]).shape == (0,)
    np.testing.assert_array_equal(index.idf(["ziel", "mangel", "ziel"])[[0, 2]], index.idf(["ziel"] * 2))


def test_a_saved_index_weighs_the_same(tmp_path: Path) -> None:
    built = Bm25Index.build(PASSAGES)
    built.save(tmp_path)
    terms = ["mangel", "ziel", "hafen"]
    np.testing.assert_array_equal(Bm25Index.open(tmp_path, 4).idf(terms), built.idf(terms))


def test_an_index_of_nothing_finds_every_term_rare() -> None:
    assert Bm25Index.build([[]]).idf(["mangel"])[0] > 0
