"""Measuring from outside: question sets through the whole system, figures with their uncertainty."""
