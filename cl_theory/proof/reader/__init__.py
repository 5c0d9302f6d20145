"""What a reader can use on the pages: figures that answer to sliders, and a replay of two runs."""
