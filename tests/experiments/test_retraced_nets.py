"""A forward-forward run can be traced again to the nets that it went through."""

from dataclasses import replace

import numpy as np
import pytest

from cl_theory.learning.models.forward_forward import predicted_labels
from cl_theory.proof.experiments.definition import Seeds, computed
from cl_theory.proof.experiments.forward_forward_runs import loaded
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.retraced import along_runs, retraced_nets


@pytest.mark.parametrize(
    ("name", "arm"),
    [("digits-nets", "two-term, adam"), ("digits-nets", "isd, sgd"), ("digits-nets-centred", "centred-isd, adam")],
)
def test_the_nets_are_those_whose_errors_were_measured(name, arm):
    defined = experiment(name)
    cell = replace(defined.cell(arm, Seeds(3, 2)), points=(0, 200, 600))
    measured = computed(replace(cell, settings={**cell.settings, "final": []}))["curves"]["error"]
    nets, data = retraced_nets(defined, arm, 3, (0, 200, 600)), loaded("digits")
    found = [
        np.mean(predicted_labels(net, data["test"], dtype=np.float32) != data["test_labels"]) for net in nets.values()
    ]
    assert found == pytest.approx([at_point[0] for at_point in measured], abs=2.1 / len(data["test"]))
    assert len({round(error, 4) for error in found}) > 1


def test_measures_along_runs_have_a_row_a_seed():
    runs = [{0: 1.0, 5: 2.0}, {0: 3.0, 5: 4.0}]
    found = along_runs({"isd": runs}, lambda model: [model, -model])["isd"]
    assert found[5].tolist() == [[2.0, -2.0], [4.0, -4.0]]
    assert list(found) == [0, 5]
