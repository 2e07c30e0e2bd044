"""Annotation of sentences at build time: the aspects they express and the references they are about."""

__all__ = ["aspect_classifier", "aspect_cues", "aspects", "reference_attribution", "reference_topics"]
