"""The book for its reader: what chapters open with, what explains itself, what can be taken away."""
