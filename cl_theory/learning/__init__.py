"""Machines that learn: their models, draws from them, and learners made of parts."""
