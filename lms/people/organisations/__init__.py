"""Companies, who works there, and the centres that look after them: all of it from a day to a day."""
