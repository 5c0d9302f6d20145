"""End-of-phase and always-on learning of a finite chain: exactly, to second order, bounded, and simulated."""
