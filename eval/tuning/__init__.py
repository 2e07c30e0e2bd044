"""Fits the numbers that are committed in service/."""

__all__ = ["aspect_agreement", "diagonal_metric", "fusion_weights_command"]
