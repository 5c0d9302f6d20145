"""Draws of phases and of estimates, compiled and in NumPy, with errors that can be planted."""
