"""Phases and Markov chains: lengths, orders, equilibrium, mixing, the Poisson equation, and small chains that learn."""
