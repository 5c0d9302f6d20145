"""`cl-theory train`: a folder with weights, curves and a plot, resumable, and clear about bad input."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from typer.testing import CliRunner

from cl_theory.learning.learners.loop import read_checkpoint
from cl_theory.learning.learners.train import train
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm import RBM
from cl_theory.proof.command_line import app
from cl_theory.proof.figures import style
from cl_theory.proof.train_view import curves_svg

SHORT = ["--phases", "200", "--hidden", "6"]
BAS = ["--model", "rbm", "--data", "bas", "--size", "2", *SHORT]


def run(*words: object):
    return CliRunner().invoke(app, ["train", *map(str, words)])


def trained(folder: Path, *words: object) -> list[str]:
    """The lines of the curves of a run in `folder` that ends well."""
    result = run(*words, "--folder", folder)
    assert result.exit_code == 0, result.output
    return (folder / "curves.csv").read_text().splitlines()


def test_a_run_leaves_settings_weights_curves_and_a_plot(tmp_path) -> None:
    folder = tmp_path / "run"
    head, *lines = trained(folder, *BAS, "--estimator", "isd", "--b", 0.4, "--seed", 3)
    assert json.loads((folder / "settings.json").read_text())["b"] == 0.4
    with np.load(folder / "weights.npz", allow_pickle=False) as weights:
        model = RBM(weights["weights"], weights["visible_bias"], weights["hidden_bias"])
    assert head == "iteration,phases,steps,nll,tv"
    last = dict(zip(head.split(","), map(float, lines[-1].split(",")), strict=True))
    assert last["phases"] == 200
    assert last["nll"] == pytest.approx(model.negative_log_likelihood(bars_and_stripes(2)), rel=1e-12)
    assert ElementTree.parse(folder / "curves.svg").getroot().tag.endswith("svg")


def test_the_same_seed_leaves_the_same_bytes(tmp_path) -> None:
    for name in ("a", "b"):
        trained(tmp_path / name, *BAS, "--seed", 5)
    for file in ("weights.npz", "curves.csv", "curves.svg"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


CASES = [
    ["--estimator", "two-term", "--chain", "cd", "--steps", 2],
    ["--estimator", "centred-isd", "--optimiser", "adam", "--learning-rate", 0.01],
    ["--estimator", "always-on-isd", "--length", 5, "--length-law", "geometric", "--batch-size", 1],
    ["--estimator", "isd", "--order", "systematic", "--b", 0.3, "--no-visible-biases", "--weight-decay", 0.01],
    ["--model", "boltzmann", "--chain", "carried-over", "--optimiser", "momentum"],
]


@pytest.mark.parametrize("words", CASES, ids=lambda words: " ".join(map(str, words)))
def test_every_kind_of_run_can_be_asked_for(tmp_path, words) -> None:
    assert trained(tmp_path / "run", *BAS, *words)


def test_digits_are_the_default_data_and_their_labels_are_tested(tmp_path) -> None:
    assert trained(tmp_path / "run", "--phases", 300)[0] == "iteration,phases,steps,nll,test_error"


def test_forward_forward_learns_digits(tmp_path) -> None:
    lines = trained(
        tmp_path / "run", "--model", "forward-forward", "--hidden", 30, "--optimiser", "adam", "--learning-rate", 0.01,
        "--batch-size", 20, "--phases", 2500,
    )  # fmt: skip
    assert float(lines[-1].split(",")[-1]) < 0.7 < float(lines[1].split(",")[-1])


def test_a_folder_with_a_run_is_not_overwritten_but_resumed(tmp_path) -> None:
    words = [*BAS, "--folder", tmp_path / "run"]
    assert "nll" in run(*words).output
    before = (tmp_path / "run" / "weights.npz").read_bytes()
    again = run(*words)
    assert again.exit_code == 2
    assert "already holds a run; go on with --resume" in again.output
    assert run(*words, "--resume").exit_code == 0
    assert (tmp_path / "run" / "weights.npz").read_bytes() == before


KINDS = [
    ["--phases", 300_000, "--batch-size", 1],
    ["--phases", 4000, "--batch-size", 10, "--optimiser", "adam"],
    ["--phases", 3000, "--estimator", "centred-isd"],
]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no signal 9 to send")
@pytest.mark.parametrize("kind", KINDS, ids=["compiled", "numpy", "lock-step"])
def test_a_command_killed_with_signal_nine_is_resumed_bit_for_bit(tmp_path, kind) -> None:
    words = ["--model", "rbm", "--data", "bas", "--size", "2", "--hidden", "6", *map(str, kind)]
    trained(tmp_path / "whole", *words)
    command = [sys.executable, "-m", "cl_theory", "train", *words, "--folder", str(tmp_path / "killed")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    checkpoint = tmp_path / "killed" / "run.checkpoint"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    reached = int(read_checkpoint(checkpoint)[0]["iteration"])
    trained(tmp_path / "killed", *words, "--resume")
    assert 0 < reached < int(read_checkpoint(tmp_path / "whole" / "run.checkpoint")[0]["iteration"])
    for file in ("weights.npz", "curves.csv"):
        assert (tmp_path / "killed" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--b", 0], "p_positive must lie strictly between 0 and 1"),
        (["--b", 1], "p_positive must lie strictly between 0 and 1"),
        (["--steps", 0], "n_steps must be an integer above 0"),
        (["--model", "transformer"], "--model must be one of rbm, boltzmann, forward-forward"),
        (["--data", "cats"], "--data must be one of digits, bas, mnist"),
        (["--estimator", "best"], "--estimator must be one of two-term"),
        (["--chain", "long"], "--chain must be one of persistent"),
        (["--optimiser", "lbfgs"], "--optimiser must be one of sgd"),
        (["--estimator", "always-on-isd", "--length-law", "long"], "--length-law must be one of fixed"),
        (["--estimator", "always-on-isd", "--length", 0], "above 0"),
        (["--order", "random"], "order must be one of"),
        (["--hidden", 0], "--hidden must be an integer above 0"),
        (["--size", 0], "size must be an integer above 0"),
        (["--phases", 0], "n_phases must be an integer above 0"),
        (["--batch-size", 0], "batch_size must be an integer above 0"),
        (["--learning-rate", 0], "learning_rate must be a finite number above 0"),
        (["--weight-decay", -1], "weight_decay must be"),
        (["--seed", -1], "seed must be an integer of at least 0"),
        (["--model", "forward-forward"], "needs labelled data"),
    ],
    ids=str,
)
def test_bad_options_end_with_two_and_leave_no_folder(tmp_path, words, message: str) -> None:
    result = run(*BAS, *words, "--folder", tmp_path / "run")
    assert result.exit_code == 2
    assert f"error: {message}" in result.output or message in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "run").exists()


def test_a_blow_up_ends_with_one_and_names_the_step(tmp_path) -> None:
    result = run(*BAS, "--learning-rate", 1000, "--folder", tmp_path / "run")
    assert result.exit_code == 1
    assert "stopped: learning diverged at iteration" in result.output
    assert not (tmp_path / "run" / "weights.npz").exists()


def test_missing_mnist_says_what_to_do(tmp_path, monkeypatch) -> None:
    from cl_theory.proof.experiments import rbm_runs

    def unreachable(*args: object) -> None:
        raise ConnectionError("train-images-idx3-ubyte.gz could not be fetched; name its parent in CL_THEORY_DATA")

    monkeypatch.setattr(rbm_runs, "binarised_mnist", unreachable)
    result = run("--data", "mnist", "--folder", tmp_path / "run")
    assert result.exit_code == 2
    assert "error: train-images-idx3-ubyte.gz could not be fetched" in result.output


@pytest.mark.skipif("CL_THEORY_DATA" not in os.environ, reason="set CL_THEORY_DATA to the folder of MNIST's files")
def test_mnist_trains_from_the_named_folder(tmp_path) -> None:
    assert trained(tmp_path / "run", "--data", "mnist", "--phases", 40)[0] == "iteration,phases,steps,nll,test_error"
    with np.load(tmp_path / "run" / "weights.npz") as weights:
        assert weights["weights"].shape == (16, 794)


def test_the_plot_does_not_depend_on_the_style_of_the_process() -> None:
    curves = train(RBM.random(np.random.default_rng(0), 4, 2), bars_and_stripes(2), n_phases=20, seed=1).curves
    before = curves_svg(curves, "a run")
    with matplotlib.rc_context():
        style.use()
        assert curves_svg(curves, "a run") == before
