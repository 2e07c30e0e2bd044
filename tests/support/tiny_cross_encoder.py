"""A cross-encoder that is made in a moment: a BERT of two small layers over a few dozen words."""

from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from service.reranking.network import CrossEncoderNetwork

_SAID = "wann wo wer wurde starb lebt tesla bach 1943 1750 in berlin wien der hund die katze schläft . ?"
WORDS = _SAID.split(" ")
WIDTH = 32


def tokenizer() -> Any:
    vocabulary = {word: number for number, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", *WORDS])}
    fast = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    fast.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=fast, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )


def network(seed: int = 1) -> CrossEncoderNetwork:
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(WORDS) + 4,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    model = BertModel(config, add_pooling_layer=False)
    found = CrossEncoderNetwork(model.embeddings, model.encoder, WIDTH)
    for head in (found.relevance, found.span_head):
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    return found
