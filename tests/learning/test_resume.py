"""A run that was killed goes on from its checkpoint and ends with the same bits as one that was never stopped."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.learning import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    CheckpointError,
    LearningDiverged,
    Momentum,
    Persistent,
    TwoTerm,
    train,
)
from cl_theory.learning.loop import previous, read_checkpoint
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.rbm import RBM
from cl_theory.phases import Geometric

BAS = bars_and_stripes(2)
NETWORK = RBM.random(np.random.default_rng(0), 4, 3, 0.1)
RUN = {"n_phases": 60, "batch_size": 3, "seed": 5, "record_every": 7, "checkpoint_every": 4}


class Stopped(Exception):
    pass


def stop_after(n: int):
    def report(done: int, total: int) -> None:
        if done == n:
            raise Stopped

    return report


CASES = [
    (TwoTerm(), Persistent(2), Momentum(0.05)),
    (ISD(0.3), CarriedOver(2), SGD(0.1)),
    (CentredISD(0.3, order="systematic"), Persistent(1), Adam(0.01)),
    (AlwaysOnISD(0.4, length=Geometric(5), baseline_rate=0.1), CarriedOver(1), Adam(0.01)),
]


@pytest.mark.parametrize("network", [NETWORK, BoltzmannMachine.random(np.random.default_rng(0), 4, 3)])
@pytest.mark.parametrize(("schedule", "chain", "optimiser"), CASES)
def test_a_run_stopped_anywhere_ends_with_the_same_bits(tmp_path, network, schedule, chain, optimiser) -> None:
    parts = {"chain": chain, "optimiser": optimiser, **RUN}
    whole = train(network, BAS, schedule, **parts)
    for n in (3, 17, 29):
        with pytest.raises(Stopped):
            train(network, BAS, schedule, folder=tmp_path, resume=True, report=stop_after(n), **parts)
    run = train(network, BAS, schedule, folder=tmp_path, resume=True, **parts)
    assert run.model.flat.tobytes() == whole.model.flat.tobytes()
    assert run.curves.csv() == whole.curves.csv()


SCRIPT = """
    import sys
    import numpy as np
    from cl_theory.datasets.bars_and_stripes import bars_and_stripes
    from cl_theory.learning import Adam, CentredISD, Persistent, train
    from cl_theory.models.rbm import RBM

    def report(done, total):
        print(done, flush=True)

    train(
        RBM.random(np.random.default_rng(0), 4, 3, 0.1), bars_and_stripes(2), CentredISD(0.3), n_phases=2500,
        chain=Persistent(2), optimiser=Adam(0.01), seed=5, record_every=100, checkpoint_every=20,
        folder=sys.argv[1], resume=True, report=report,
    )
"""


def run_until(folder: Path, n_reports: int | None) -> None:
    """Run the script; kill it (signal 9) after so many reports, or let it end."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(n_reports or 10**9):
        if not process.stdout.readline():
            break
    if n_reports:
        process.kill()
    code = process.wait()
    process.stdout.close()
    assert code == (-9 if n_reports else 0)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no signal 9 to send")
def test_a_process_killed_with_signal_nine_goes_on_bit_for_bit(tmp_path) -> None:
    run_until(tmp_path / "whole", None)
    for n_reports in (5, 33, 150):
        run_until(tmp_path / "killed", n_reports)
    run_until(tmp_path / "killed", None)
    whole, _ = read_checkpoint(tmp_path / "whole" / "run.checkpoint")
    killed, _ = read_checkpoint(tmp_path / "killed" / "run.checkpoint")
    assert whole["iteration"] == 2500
    for name, array in whole.items():
        assert killed[name].tobytes() == array.tobytes(), name


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path) -> None:
    train(NETWORK, BAS, folder=tmp_path, **RUN)
    with pytest.raises(ValueError, match="already holds a run; resume it, or choose another folder"):
        train(NETWORK, BAS, folder=tmp_path, **RUN)


def test_a_finished_run_is_given_back_as_it_was(tmp_path) -> None:
    once = train(NETWORK, BAS, folder=tmp_path, **RUN)
    again = train(NETWORK, BAS, folder=tmp_path, resume=True, **RUN)
    assert again.model.flat.tobytes() == once.model.flat.tobytes()
    assert again.curves.csv() == once.curves.csv()


def test_a_longer_run_goes_on_where_a_shorter_one_ended(tmp_path) -> None:
    train(NETWORK, BAS, folder=tmp_path, **{**RUN, "n_phases": 30})
    longer = train(NETWORK, BAS, folder=tmp_path, resume=True, **RUN)
    assert longer.model.flat.tobytes() == train(NETWORK, BAS, **RUN).model.flat.tobytes()


@pytest.mark.parametrize(
    ("change", "named"),
    [({"seed": 6}, "seed"), ({"batch_size": 4}, "batch_size"), ({"optimiser": SGD(0.2)}, "optimiser")],
)
def test_a_checkpoint_of_another_run_is_refused_by_what_differs(tmp_path, change, named: str) -> None:
    train(NETWORK, BAS, folder=tmp_path, **RUN)
    with pytest.raises(CheckpointError, match=f"belongs to another run: its {named} is"):
        train(NETWORK, BAS, folder=tmp_path, resume=True, **{**RUN, **change})
    with pytest.raises(CheckpointError, match="its data is"):
        train(NETWORK, BAS[:5], folder=tmp_path, resume=True, **RUN)


def test_a_damaged_checkpoint_is_refused_and_the_previous_one_can_take_its_place(tmp_path) -> None:
    whole = train(NETWORK, BAS, folder=tmp_path, **RUN)
    path = tmp_path / "run.checkpoint"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(
        CheckpointError, match=r"run\.checkpoint is damaged.*put run\.checkpoint\.previous in its place"
    ):
        train(NETWORK, BAS, folder=tmp_path, resume=True, **RUN)
    path.unlink()
    assert previous(path).exists()
    run = train(NETWORK, BAS, folder=tmp_path, resume=True, **RUN)
    assert run.model.flat.tobytes() == whole.model.flat.tobytes()


def test_a_run_that_diverges_keeps_its_last_good_checkpoint(tmp_path) -> None:
    with pytest.raises(LearningDiverged, match="the last checkpoint is kept"):
        train(NETWORK, BAS, folder=tmp_path, optimiser=SGD(20.0), **{**RUN, "n_phases": 1000, "checkpoint_every": 2})
    arrays, _ = read_checkpoint(tmp_path / "run.checkpoint")
    assert np.abs(arrays["parameters"]).max() <= 100
    assert arrays["iteration"] >= 2


def test_a_run_killed_before_its_first_checkpoint_starts_afresh(tmp_path) -> None:
    with pytest.raises(Stopped):
        train(NETWORK, BAS, folder=tmp_path, resume=True, report=stop_after(2), **RUN)
    assert not list(tmp_path.iterdir())
    run = train(NETWORK, BAS, folder=tmp_path, resume=True, **RUN)
    assert run.model.flat.tobytes() == train(NETWORK, BAS, **RUN).model.flat.tobytes()
