"""Location of an embedding model on this machine, and the digest that identifies its vector space."""

from __future__ import annotations

import hashlib
from pathlib import Path

from indexer.checksums import file_sha256
from indexer.embedding import default_model
from indexer.errors import ModelError, first_line

#: Files that determine a vector: weights, tokenizer, configuration; not descriptions and other exports.
_PATTERNS = ("*.safetensors", "*.bin", "*.json", "*.txt", "*.model")
_OTHER_EXPORTS = ("onnx", "openvino")
#: Weights in a format that sentence-transformers ignores where safetensors are present.
_FALLBACK_WEIGHTS = (".bin",)


def locate(model: str | None) -> tuple[str, Path]:
    """The display name and the folder of a model.

    Args:
        model: a folder or a hub id; ``None`` for the default model. A hub id is looked up in the hub's cache
        on this
            machine and downloaded only if it is missing there.

    Raises:
        ModelError: there is no such folder, or the hub's model is not cached and cannot be downloaded.
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
        except Exception as error:  # the hub's client raises errors of several libraries
            reason = first_line(error)
    raise ModelError(f"no folder and no model on the hub's cache by the name {identifier!r}: {reason}")


def folder_digest(folder: Path) -> str:
    """The sha256 over the files that determine a vector; equal digests mean one vector space.

    Files are read, not mapped, so that the weights are in memory only once, in the model.

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
        found = {name: path for name, path in found.items() if not name.endswith(_FALLBACK_WEIGHTS)}
    if not any(name.endswith((".safetensors", ".bin")) for name in found):
        raise ModelError(f"no model weights in {folder}")
    digest = hashlib.sha256()
    for name, path in sorted(found.items()):
        digest.update(f"{name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
