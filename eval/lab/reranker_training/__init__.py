"""Training the reader of ``service/reading`` and measuring it."""
