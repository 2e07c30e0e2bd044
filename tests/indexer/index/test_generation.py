from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder
from generations import FILES, live_folder

from indexer.build.pipeline import build
from indexer.errors import IndexMissingError, ModelMismatchError
from indexer.index.generation import open_generation
from indexer.index.live_generation import live_name


def test_a_generation_comes_back_as_it_was_built(built_index: Path, corpus: Path) -> None:
    with closing(open_generation(built_index)) as generation:
        assert generation.name == live_name(built_index)
        assert [d.document_id for d in generation.store.documents()] == sorted(
            path.name for path in corpus.glob("*.md") if path.name != "README.md"
        )
        assert generation.manifest.counts == {
            "documents": 5,
            "passages": len(generation.passages),
            "sentences": len(generation.sentences),
        }
        assert len(generation.passage_vectors) == len(generation.passages)
        assert len(generation.sentence_vectors) == len(generation.sentences)
        assert generation.lexical.scores(["=NQ-57"]).shape == (len(generation.passages),)


def test_vectors_and_terms_are_those_of_their_passages(built_index: Path, embedder: FakeEmbedder) -> None:
    with closing(open_generation(built_index)) as generation:
        spans = generation.passages
        texts = [
            generation.store.document(int(number)).text[start:end]
            for number, start, end in zip(spans.document, spans.start, spans.end, strict=True)
        ]
        rows = generation.passage_vectors.rows(np.arange(len(texts)))
        np.testing.assert_allclose(rows, embedder.embed_passages(texts), atol=1e-3)
        scores = generation.lexical.scores(["=NQ-57"])
    assert all((score > 0) == ("57" in text) for score, text in zip(scores, texts, strict=True))


def test_the_files_of_a_generation_are_known(built_index: Path) -> None:
    folder = live_folder(built_index)
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert sorted(found) == sorted(FILES)


def test_a_generation_can_be_opened_by_name(built_index: Path, corpus: Path) -> None:
    old = live_name(built_index)
    build([corpus / "nghe-an-quartalssitzung.md"], built_index, FakeEmbedder())
    with closing(open_generation(built_index, old)) as generation:
        assert generation.manifest.counts["documents"] == 5
    with closing(open_generation(built_index)) as generation:
        assert generation.manifest.counts["documents"] == 1


def test_no_index_is_an_error_that_names_the_command_to_build_one(tmp_path: Path) -> None:
    for index in (tmp_path, tmp_path / "gone"):
        with pytest.raises(
            IndexMissingError, match=rf"^no index at {index}: build one with `python -m indexer build"
        ):
            open_generation(index)


def test_another_model_is_refused_by_a_message_that_names_both(built_index: Path) -> None:
    other = FakeEmbedder("other")
    with closing(open_generation(built_index)) as generation:
        generation.require_model("fake", FakeEmbedder().digest)
        with pytest.raises(ModelMismatchError) as caught:
            generation.require_model(other.name, other.digest)
    assert str(caught.value) == (
        f"index built with model fake {FakeEmbedder().digest[:12]}, loaded is other {other.digest[:12]}; "
        "rebuild the index or pass the same --model"
    )
