"""A service under load, from outside: ``python -m eval load``."""
