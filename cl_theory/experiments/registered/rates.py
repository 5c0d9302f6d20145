"""Learning rates as tuned: each is the best of its grid in the stored tuning runs, and a test holds it to that."""

BARS = {"two-term": 0.01, "isd": 0.005, "centred-isd": 0.005}
MNIST = {"two-term": 0.016, "isd": 0.008, "centred-isd": 0.008}
