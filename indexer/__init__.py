"""Offline half of Fundstelle: from files to an immutable index generation."""
