"""Laws of the two phases' gradients, the estimators, and what is stated of their moments."""
