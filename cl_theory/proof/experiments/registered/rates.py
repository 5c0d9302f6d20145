"""Learning rates as tuned: each is the best of its grid in the stored tuning runs, and a test holds it to that."""

BARS = {"two-term": 0.007, "isd": 0.005, "centred-isd": 0.0035}
BARS_AT_B = {f"b = {b:g}": 0.0035 if b in (0.1, 0.8, 0.9) else 0.005 for b in (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)}
MNIST = {"two-term": 0.032, "isd": 0.016, "centred-isd": 0.016}
DIGITS = {"two-term": 0.04, "isd": 0.02, "centred-isd": 0.02}
NETS = {"two-term, sgd": 100.0, "isd, sgd": 30.0, "two-term, adam": 0.03, "isd, adam": 0.03}
NETS_CENTRED = {"centred-isd, sgd": 30.0, "centred-isd, adam": 0.03}
DIGITS_NETS = {"two-term, sgd": 10.0, "isd, sgd": 3.0, "two-term, adam": 0.01, "isd, adam": 0.01}
"""Not tuned. Plain descent: those of MNIST over ten, since the goodness of a layer is a mean over an eighth of the
units; at 30 all units of these nets fall silent for good."""
