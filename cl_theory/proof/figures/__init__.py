"""Figures, one call each, from exact formulas or stored data."""
