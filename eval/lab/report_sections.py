"""Sections of the report page for the records that commands of the lab write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.lab.benchmarks.scale_record import read_scale, scale_file
from eval.lab.experiments.rerank_depth_record import read_rerank_depth, rerank_depth_file
from eval.report.html import Section


def lab_sections(paths: Sequence[Path]) -> tuple[list[Section], list[Path]]:
    """Sections of the paths that name ``scale.json`` or ``effort.json``, and the other paths.

    Raises:
        SourceError: one of these files is malformed.
    """
    from eval.lab.benchmarks.scale_section import scale_section
    from eval.lab.experiments.rerank_depth_section import rerank_depth_section

    scales = [file for path in paths if (file := scale_file(path))]
    depths = [file for path in paths if (file := rerank_depth_file(path))]
    sections = [scale_section(str(file), read_scale(file), n) for n, file in enumerate(scales, 1)]
    sections += [
        rerank_depth_section(str(file), read_rerank_depth(file), n) for n, file in enumerate(depths, 1)
    ]
    others = [path for path in paths if not scale_file(path) and not rerank_depth_file(path)]
    return sections, others
