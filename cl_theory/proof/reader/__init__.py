"""The book for its reader: what chapters open with, what can be broken, played with and taken away."""
