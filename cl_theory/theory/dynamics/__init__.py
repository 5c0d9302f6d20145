"""Always-on learning of a chain: stated, enumerated, to second order, in the limit, simulated."""
