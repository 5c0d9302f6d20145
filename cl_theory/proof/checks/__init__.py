"""Comparing two things and saying how surely: symbolic, exact, numeric and Monte Carlo checks, criteria."""
