"""Hard constraints of a question on documents."""

import numpy as np
import pytest
from asking import asked

from service.answering.constraints import HardConstraints
from service.engine import Engine
from service.query.understanding import understand

DOCUMENTS = {
    "a.md": "---\nplace: Hà Giang\ndate: 2025-03-17\n---\nIn der Sitzung sprach Genosse Nguyễn Văn Bình.",
    "b.md": "---\nplace: Nghệ An\ndate: 2024-04-25\n---\nMan lobte Hà Giang für 2023. Trần Thị Mai leitete.",
    "c.md": "Im Dorf wurde gefeiert.",
}


def constraints_of(engine: Engine) -> HardConstraints:
    return HardConstraints(engine.generation, engine.lookup)


@pytest.mark.parametrize(
    ("question", "fits"),
    [
        ("Was geschah?", [True, True, True]),
        ("Was geschah in Ha Giang?", [True, True, False]),
        ("Was geschah in Nghe An?", [False, True, False]),
        ("Was geschah in Da Nang?", [False, False, False]),
        ("Was geschah 2025?", [True, False, False]),
        ("Was geschah 2023?", [False, True, False]),
        ("Was geschah in Ha Giang im März 2025?", [True, False, False]),
    ],
)
def test_a_document_fits_by_what_it_is_about_or_names(question: str, fits: list[bool]) -> None:
    with asked(DOCUMENTS) as engine:
        assert constraints_of(engine).met_by(understand(question), np.arange(3)) == fits


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Was sagte Nguyễn Văn Bình?", ()),
        ("Was sagte Nguyen Van Binh?", ()),
        ("Was sagte Nguyễn Văn Mai?", ("Nguyễn Văn Mai",)),
        ("Was sagten Trần Thị Mai und Lê Văn An?", ("Lê Văn An",)),
        ("Was sagte der Leiter?", ()),
    ],
)
def test_a_person_is_named_only_by_the_whole_name(question: str, names: tuple[str, ...]) -> None:
    with asked(DOCUMENTS) as engine:
        assert constraints_of(engine).missing_names(understand(question)) == names
