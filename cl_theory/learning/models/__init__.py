"""RBMs, Boltzmann machines and forward-forward nets: what they are, their laws, draws of their phases, their data."""
