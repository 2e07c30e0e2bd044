"""Attacks on the service and the build, each measured, beside what it did before it was warded off."""

__all__ = ["command"]
