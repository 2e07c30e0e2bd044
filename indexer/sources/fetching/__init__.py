"""Fetching of listed web pages into a folder, from public addresses and within bounds of time and size."""

__all__ = ["address_policy", "fetch_state", "fetcher"]
