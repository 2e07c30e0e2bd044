"""Arrays in ``.npy`` files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexDamagedError


def read_array(path: Path, *, mapped: bool = False) -> npt.NDArray[Any]:
    """Read an array of numbers, ``mapped`` into memory or as a whole.

    Raises:
        IndexDamagedError: the file is missing or not an array; files with pickled objects are refused.
    """
    try:
        found = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    # numpy raises the errors of whatever format the bytes resemble: zip files, Python literals.
    except Exception as error:
        raise IndexDamagedError(f"{path.name}: not a readable array ({type(error).__name__})") from error
    if not isinstance(found, np.ndarray):
        found.close()
        raise IndexDamagedError(f"{path.name}: not a readable array ({type(found).__name__})")
    return found
