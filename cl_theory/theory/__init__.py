"""What the book is about: statements and systems; laws and estimators, chains and phases, learning that never stops."""
