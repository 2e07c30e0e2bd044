"""Where an embedding model lies on this machine, and the digest that pins its vector space."""

from __future__ import annotations

import hashlib
from pathlib import Path

from indexer.embedding import default_model
from indexer.errors import ModelError, first_line

#: Files that decide a vector: weights, tokenizer, configuration. Descriptions and other exports do not.
_PATTERNS = ("*.safetensors", "*.bin", "*.json", "*.txt", "*.model")
_OTHER_EXPORTS = ("onnx", "openvino")
#: Weights in a format that sentence-transformers passes over where safetensors are present.
_SECOND_CHOICE = (".bin",)


def locate(model: str | None) -> tuple[str, Path]:
    """Name to show and folder of a model; by default of the one described in ``default_model``.

    A hub id is looked up in the hub's cache on this machine, and fetched only where it is missing there.

    Raises:
        ModelError: there is no such folder, or the hub's model is neither here nor to be had.
    """
    if model is None:
        if default_model.packed_file() is not None:
            return "multilingual-e5-small (4 bit)", default_model.ensure_default_model()
        return default_model.HUB_FALLBACK, _from_hub(default_model.HUB_FALLBACK)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder.resolve().name, folder
    if model.count("/") > 1 or model.startswith((".", "/", "~")):
        raise ModelError(f"no model folder at {model}")
    return model, _from_hub(model if "/" in model else f"sentence-transformers/{model}")


def _from_hub(identifier: str) -> Path:
    from huggingface_hub import snapshot_download

    patterns = [pattern for suffix in _PATTERNS for pattern in (suffix, f"*/{suffix}")]
    ignored = [f"{folder}/*" for folder in _OTHER_EXPORTS]
    reason = ""
    for local_only in (True, False):
        try:
            return Path(
                snapshot_download(
                    identifier,
                    allow_patterns=patterns,
                    ignore_patterns=ignored,
                    local_files_only=local_only,
                )
            )
        except Exception as error:  # the hub's client raises kinds of several libraries
            reason = first_line(error)
    raise ModelError(f"no folder and no model on the hub's cache by the name {identifier!r}: {reason}")


def folder_digest(folder: Path) -> str:
    """sha256 over the files that decide a vector: equal digests mean one vector space.

    Files are read, not mapped: the weights are held in memory once, by the model that uses them.

    Raises:
        ModelError: the folder holds no weights.
    """
    found = {
        path.relative_to(folder).as_posix(): path
        for pattern in _PATTERNS
        for path in folder.rglob(pattern)
        if path.is_file() and path.relative_to(folder).parts[0] not in _OTHER_EXPORTS
    }
    found.pop(default_model.FILES, None)
    if any(name.endswith(".safetensors") for name in found):
        found = {name: path for name, path in found.items() if not name.endswith(_SECOND_CHOICE)}
    if not any(name.endswith((".safetensors", ".bin")) for name in found):
        raise ModelError(f"no model weights in {folder}")
    digest = hashlib.sha256()
    for name, path in sorted(found.items()):
        with path.open("rb") as file:
            digest.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()
