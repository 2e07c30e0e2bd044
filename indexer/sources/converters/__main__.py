"""The converter process, ``python -m indexer.sources.converters``: requests and replies as lines of JSON.

A file can be made to hang a library or to let it take all memory. That costs this process, which has limits,
and not the build.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

from indexer.sources.converters import ConversionError, confinement

#: Bytes of address space, and seconds of CPU time for one file.
_MAX_MEMORY, _MAX_SECONDS = 1_200_000_000, 25


def main() -> None:
    """Convert the files that are requested on standard input."""
    # Output of libraries must not get between the replies.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    confinement.say(confinement.confine(Path(tempfile.gettempdir())), replies)
    for line in sys.stdin:
        request = json.loads(line)
        _limit_resources()
        reply = _reply(request["format"], Path(os.fsdecode(bytes.fromhex(request["path"]))))
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def _reply(format_name: str, path: Path) -> dict[str, object]:
    try:
        converted = importlib.import_module(f"indexer.sources.converters.{format_name}").convert(path)
    except ConversionError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "takes too much memory to read"}
    except RecursionError:
        return {"error": "nested too deeply"}
    except OSError as error:
        return {"error": error.strerror or str(error)}
    except Exception as error:  # libraries raise anything on a malformed file
        return {"error": f"not readable ({type(error).__name__})"}
    return {"text": converted.text, "fields": converted.fields}


def _limit_resources() -> None:
    """Set the limits for the next file; CPU time counts from the start of the process."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + _MAX_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
