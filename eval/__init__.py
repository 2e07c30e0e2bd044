"""Evaluation: measures question sets, compares and reports runs, fits the numbers of the service."""

__all__: list[str] = []
