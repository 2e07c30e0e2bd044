"""Online half of Fundstelle: from a question to cited statements, or to an honest refusal."""
