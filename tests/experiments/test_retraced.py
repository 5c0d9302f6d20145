"""A run traced once more passes through the networks whose measures are stored."""

import numpy as np
import pytest

from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.proof.experiments.definition import ExperimentError, Seeds, computed
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.retraced import retraced

DEFINED = experiment("bars-estimators")


@pytest.mark.parametrize("arm", ["two-term", "centred-isd"])
def test_each_network_has_the_loss_that_its_seed_had(arm: str) -> None:
    stored = computed(DEFINED.cell(arm, Seeds(3, 2), until=200))["curves"]["nll"]
    networks = retraced(DEFINED, arm, 4, [0, 200])
    rows = bars_and_stripes(4)
    found = [network.negative_log_likelihood(rows) for network in networks.values()]
    np.testing.assert_allclose(found, [losses[1] for losses in stored], rtol=1e-6)
    assert abs(found[1] - stored[1][0]) > 1e-4  # the other seed of the block


def test_an_arm_that_is_not_there_is_refused() -> None:
    with pytest.raises(ExperimentError, match="has no arm 'ISD'"):
        retraced(DEFINED, "ISD", 0, [0])
