"""Answering beside the HTTP front: processes that hold model and index, and how the front reaches them."""
