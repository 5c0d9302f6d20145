"""Checkpoints are read back bit for bit or not at all, and a run that was killed goes on from its own."""

import json
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cl_theory.learning.learners.loop import (
    CheckpointError,
    LearningDiverged,
    previous,
    read_checkpoint,
    write_checkpoint,
)
from cl_theory.learning.learners.parts import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    Momentum,
    Persistent,
    TwoTerm,
)
from cl_theory.learning.learners.train import train
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm import RBM
from cl_theory.theory.chains.phase_lengths import Geometric

ARRAYS = {
    "parameters": np.array([1.5, -0.0, np.pi, 1e-308]),
    "memory.count": np.asarray(7),
    "signs": np.array([[True, False]]),
    "empty": np.zeros((0, 3)),
}
HEADER = {"schedule": "ISD(p_positive=0.5)", "seed": 3}


@pytest.fixture
def path(tmp_path):
    write_checkpoint(tmp_path / "run.checkpoint", ARRAYS, HEADER)
    return tmp_path / "run.checkpoint"


def test_arrays_and_header_come_back_bit_for_bit(path) -> None:
    arrays, header = read_checkpoint(path)
    assert header == HEADER
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
        assert arrays[name].tobytes() == array.tobytes()


def test_the_same_state_is_the_same_file(path, tmp_path) -> None:
    write_checkpoint(tmp_path / "again", ARRAYS, HEADER)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_noticed(path, data) -> None:
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[place] ^= data.draw(st.integers(1, 255))
    other = path.with_name("damaged")
    other.write_bytes(damaged)
    with pytest.raises(CheckpointError, match="damaged"):
        read_checkpoint(other)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_is_noticed_and_the_remedy_is_named(path, data) -> None:
    whole = path.read_bytes()
    other = path.with_name("damaged")
    other.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(CheckpointError, match=r"damaged.*delete it to start afresh"):
        read_checkpoint(other)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=120), magic=st.booleans())
def test_any_other_file_is_refused(tmp_path, content, magic) -> None:
    path = tmp_path / "other"
    path.write_bytes((b"cl-theory checkpoint\n" if magic else b"") + content)
    with pytest.raises(CheckpointError):
        read_checkpoint(path)


def test_a_pickle_in_the_place_of_an_array_is_never_loaded(path, tmp_path) -> None:
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    with pytest.raises(TypeError, match="plain numeric arrays"):
        write_checkpoint(path, {"trap": np.array([Trap()], dtype=object)}, {})
    (tmp_path / "trap").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(CheckpointError):
        read_checkpoint(tmp_path / "trap")
    assert not (tmp_path / "sprung").exists()


def test_another_format_is_refused_by_its_number(path) -> None:
    magic, line, payload = path.read_bytes().split(b"\n", 2)
    facts = json.loads(line) | {"format": 99}
    path.write_bytes(b"\n".join([magic, json.dumps(facts).encode(), payload]))
    with pytest.raises(CheckpointError, match="format 99, this version reads 1"):
        read_checkpoint(path)


def test_the_checkpoint_before_the_last_is_kept(path) -> None:
    first = path.read_bytes()
    write_checkpoint(path, {"parameters": np.zeros(2)}, {})
    assert previous(path).read_bytes() == first
    assert sorted(p.name for p in path.parent.iterdir()) == ["run.checkpoint", "run.checkpoint.previous"]


def test_a_writer_killed_at_any_moment_leaves_a_whole_checkpoint(tmp_path) -> None:
    """A process that does nothing but write is killed again and again; what it leaves can always be read."""
    code = """
        import itertools, sys
        import numpy as np
        from cl_theory.learning.learners.loop import write_checkpoint
        for k in itertools.count():
            write_checkpoint(sys.argv[1], {"values": np.full(50_000, float(k))}, {"k": k})
            print(k, flush=True)
    """
    path = tmp_path / "run.checkpoint"
    for delay in (0, 1, 3):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _ in range(delay + 1):
            writer.stdout.readline()
        writer.kill()
        writer.wait()
        writer.stdout.close()
        arrays, header = read_checkpoint(path if path.exists() else previous(path))
        np.testing.assert_array_equal(arrays["values"], np.full(50_000, float(header["k"])))


BAS = bars_and_stripes(2)
NETWORK = RBM.random(np.random.default_rng(0), 4, 3, 0.1)
RUN = {"n_phases": 60, "batch_size": 3, "seed": 5, "record_every": 7, "checkpoint_every": 4}


class Stopped(Exception):
    pass


def stop_after(n: int):
    def report(done: int, total: int) -> None:
        if done >= n:
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
    from cl_theory.learning.models.images import bars_and_stripes
    from cl_theory import Adam, CentredISD, Persistent, train
    from cl_theory.learning.models.rbm import RBM

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
        train(NETWORK, BAS, folder=tmp_path, resume=True, report=stop_after(2), **{**RUN, "checkpoint_every": 20})
    assert not list(tmp_path.iterdir())
    run = train(NETWORK, BAS, folder=tmp_path, resume=True, **RUN)
    assert run.model.flat.tobytes() == train(NETWORK, BAS, **RUN).model.flat.tobytes()
