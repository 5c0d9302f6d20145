"""What a reader of the book can touch: formulas to break, figures to play with, the map of claims."""
