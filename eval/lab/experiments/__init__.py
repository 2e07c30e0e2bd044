"""Comparisons behind decisions, as recorded in docs/adr."""

__all__ = [
    "ablation_command",
    "chunking_command",
    "reply_snapshot",
    "rerank_depth",
    "rerank_depth_record",
    "rerank_depth_section",
    "sentence_splitting",
]
