"""RBMs, Boltzmann machines and forward-forward nets, their exact laws, and the data they learn from."""
