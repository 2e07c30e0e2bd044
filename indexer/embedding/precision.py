"""Detection of native bfloat16 arithmetic."""

from __future__ import annotations

import os


def cpu_has_bfloat16() -> bool:
    """True if the processor multiplies bfloat16 natively (AVX512-BF16 or AMX on x86).

    Elsewhere torch emulates it, which is slower than float32. ``FUNDSTELLE_BFLOAT16=0`` or ``1`` overrides.
    """
    import torch

    override = os.environ.get("FUNDSTELLE_BFLOAT16")
    if override in ("0", "1"):
        return override == "1"
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))
