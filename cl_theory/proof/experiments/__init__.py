"""Experiments: defined, computed in cells, stored, read, and done again."""
