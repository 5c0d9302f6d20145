"""Executing and rendering the book."""
