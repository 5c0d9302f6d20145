"""Measured speeds: candidates interleaved in one process, ratios with their spread, floors from measured rates."""
