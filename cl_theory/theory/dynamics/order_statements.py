"""What chapter 22 states: what the order of phases does to learning, and that around c* it does nothing."""

from cl_theory.theory.algebra import matrix, scalar, vector
from cl_theory.theory.chains.symbols import eta
from cl_theory.theory.estimators.symbols import B, Sigma_minus, Sigma_plus, b, c, c_star
from cl_theory.theory.statement import equation

H_plus = matrix("H_+", "slopes of the positive phase's mean gradient in the parameters")
H_minus = matrix("H_-", "slopes of the negative phase's mean gradient in the parameters")
H_mixed = matrix(r"\tilde H", "slopes of the mixture h in the parameters")
place = vector(r"\theta", "the parameters, from where the mean gradient is 0")
mean_next = vector(r"\mathbb E[\theta_{k+1} \mid B_k, \theta_k]", "mean of the parameters after a phase")
S_0 = scalar("S_B(0)", "long-run variance of the number of positive phases, for each phase")
stickiness = scalar(r"\lambda", "correlation of a phase with the next one")
memory = scalar(r"\varrho", "correlation of a gradient's noise with that of the next phase")
long_run = matrix(r"\lim_{\eta\to0}\tfrac1\eta\big(HV + VH^\top\big)", "stationary covariance, in units of the noise")
long_run_best = matrix(
    r"\lim_{\eta\to0}\tfrac1\eta\big(HV + VH^\top\big)\big|_{c = c^*}",
    "stationary covariance around the best baseline, in units of the noise",
)
pull = vector(r"\lim_{\eta\to0}\tfrac1\eta\,H\,\mathbb E\theta", "stationary mean of the parameters, times H over eta")
told = vector(r"\mathbb E[\nu_{k+1}\,\zeta_k]", "what the noise of a gradient tells the next coin")

GAIN = b * (1 - b)
MIXED = {H_mixed: (1 - b) * H_plus + b * H_minus}
"""Slopes of h = (1-b) g+ + b g-."""

STEP = equation(
    "phase-order-step",
    mean_next,
    {
        "where it was": place,
        "down the gradient": -eta * (H_plus - H_minus) * place,
        "the coin, times what moves the mixture": -eta * (B - b) / GAIN * (H_mixed * place),
        "the coin, times what the baseline misses": -eta * (B - b) / GAIN * (c_star - c),
    },
    where=MIXED,
)
_NOISE = {"noise of the positive phase": Sigma_plus / b, "noise of the negative phase": Sigma_minus / (1 - b)}
SPECTRUM = equation(
    "phase-order-spectrum",
    long_run,
    {**_NOISE, "the order of phases": S_0 / GAIN**2 * ((c_star - c) * (c_star - c).T)},
)
SHIFT = equation(
    "phase-order-shift",
    pull,
    {
        "the order of phases": S_0 / (2 * GAIN**2) * (H_mixed * (c_star - c)),
        "what independent coins would do, taken off": -1 / (2 * GAIN) * (H_mixed * (c_star - c)),
    },
    where=MIXED,
)
STICKY = equation("phase-order-sticky", S_0, {"sticky phases": GAIN * (1 + stickiness) / (1 - stickiness)})
CENTRED = equation("centred-order-free", long_run_best, _NOISE)
CENTRED_STEP = equation(
    "centred-order-step",
    mean_next,
    {name: term for name, term in STEP.terms.items() if "misses" not in name},
    where=MIXED,
)
