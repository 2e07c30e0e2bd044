"""Attacks on the service and the build: the measured effect of each, before and after its defence."""

__all__ = ["command"]
