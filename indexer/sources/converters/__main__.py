"""The process that parses: ``python -m indexer.sources.converters``. Requests and replies are lines of JSON.

A file may be made to hang a parser or to let it grow without end. Here it costs this process, which has
limits, and not the build.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from pathlib import Path

from indexer.sources.converters import ConversionError

#: Bytes of address space, and seconds of processor time for one file.
_MEMORY, _SECONDS = 1_200_000_000, 25


def main() -> None:
    # What libraries print must not come among the replies.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        _limit()
        replies.write(
            json.dumps(_reply(request["kind"], Path(os.fsdecode(bytes.fromhex(request["path"]))))) + "\n"
        )
        replies.flush()


def _reply(kind: str, path: Path) -> dict[str, object]:
    try:
        parsed = importlib.import_module(f"indexer.sources.converters.{kind}").convert(path)
    except ConversionError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "takes too much memory to read"}
    except RecursionError:
        return {"error": "nested too deeply"}
    except OSError as error:
        return {"error": error.strerror or str(error)}
    except Exception as error:  # whatever a library raises over a file that is not as it should be
        return {"error": f"not readable ({type(error).__name__})"}
    return {"text": parsed.text, "fields": parsed.fields}


def _limit() -> None:
    """Anew for each file: the time counts from the start of the process."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + _SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
