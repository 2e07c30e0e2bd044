"""Number words of the three languages."""

from __future__ import annotations

#: The words for two, three, four and so on.
GERMAN = ("zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf")
ENGLISH = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
VIETNAMESE = ("hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười")
