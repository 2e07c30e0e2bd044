"""The JSON contract: request and response models, serialization, and the texts inside answers."""

__all__ = [
    "answer_text",
    "browsing",
    "browsing_responses",
    "facets",
    "requests",
    "responses",
    "serializers",
]
