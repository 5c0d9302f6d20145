"""The book for its reader: its pages, and what on them explains itself, breaks, plays and can be taken away."""
