"""Peak resident memory of processes."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path


def peak_memory() -> int:
    """Peak resident memory of this process in bytes.

    ``getrusage`` alone would include the memory before ``exec``: a copy of the parent process.
    """
    known = _high_water_mark(Path("/proc/self/status"))
    if known is not None:
        return known
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def peak_memory_of_tree(pid: int) -> int:
    """Sum of the peak resident memory of a process and its descendants in bytes; 0 except on Linux."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return 0
    own = _high_water_mark(Path(f"/proc/{pid}/status")) or 0
    return own + sum(peak_memory_of_tree(int(child)) for child in children)


def _high_water_mark(status: Path) -> int | None:
    """VmHWM of a process in bytes; ``None`` if the system does not state it."""
    try:
        line = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii", "replace"))
    except OSError:
        return None
    return int(line[1]) * 1024 if line else None
