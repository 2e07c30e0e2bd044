"""Fuzzing: generated texts and files through everything that reads or analyses what comes from outside."""

__all__ = ["command"]
