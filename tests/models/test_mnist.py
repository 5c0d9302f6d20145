"""MNIST: where it is looked for, what is refused, and what the real files hold when they are there."""

import gzip
import hashlib
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

module = import_module("cl_theory.learning.models.mnist")  # the function of this name hides the module

needs_mnist = pytest.mark.skipif(
    "CL_THEORY_DATA" not in os.environ, reason="MNIST's files are not at hand: set CL_THEORY_DATA to their folder"
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on this machine and the folder that it serves."""
    served = tmp_path / "served"
    served.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", served
        server.shutdown()


def small_file(folder: Path) -> str:
    content = gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]), mtime=0) + b""
    (folder / "small.gz").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def fake_files(monkeypatch: pytest.MonkeyPatch, root: Path, n: int = 3) -> None:
    """Four tiny files in MNIST's form, with checksums to match, in root/mnist."""
    (root / "mnist").mkdir(parents=True)
    images = np.linspace(0, 255, n * 784).astype(np.uint8)
    for prefix in ("train", "t10k"):
        head = bytes([0, 0, 8, 3]) + n.to_bytes(4, "big") + (28).to_bytes(4, "big") * 2
        whole = {
            f"{prefix}-images-idx3-ubyte.gz": head + images.tobytes(),
            f"{prefix}-labels-idx1-ubyte.gz": bytes([0, 0, 8, 1]) + n.to_bytes(4, "big") + bytes(range(n)),
        }
        for name, content in whole.items():
            packed = gzip.compress(content)
            (root / "mnist" / name).write_bytes(packed)
            monkeypatch.setitem(module.SHA256, name, hashlib.sha256(packed).hexdigest())


def test_the_named_folder_is_looked_in_before_the_cache(monkeypatch, tmp_path) -> None:
    fake_files(monkeypatch, tmp_path / "named")
    fake_files(monkeypatch, tmp_path / "cached")
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cached" / "mnist")
    monkeypatch.setenv("CL_THEORY_DATA", str(tmp_path / "named"))
    assert module.mnist_folder() == tmp_path / "named" / "mnist"
    monkeypatch.setenv("CL_THEORY_DATA", str(tmp_path / "nowhere"))
    assert module.mnist_folder() == tmp_path / "cached" / "mnist"


def test_pixels_above_the_threshold_are_one_in_both_splits(monkeypatch, tmp_path) -> None:
    fake_files(monkeypatch, tmp_path)
    monkeypatch.setenv("CL_THEORY_DATA", str(tmp_path))
    for split in ("train", "test"):
        images, labels = module.mnist(split)
        np.testing.assert_array_equal(images.ravel(), np.linspace(0, 255, 3 * 784).astype(np.uint8))
        np.testing.assert_array_equal(labels, [0, 1, 2])
        rows, same = module.binarised_mnist(split)
        assert rows.shape == (3, 794)
        assert rows.dtype == np.uint8
        np.testing.assert_array_equal(rows[:, :784], images / 255.0 > 0.8)
        np.testing.assert_array_equal(rows[:, 784:].argmax(axis=1), labels)
        np.testing.assert_array_equal(labels, same)
    assert module.binarised_mnist("test", label_units=False)[0].shape == (3, 784)


@pytest.mark.parametrize("damage", ["truncated", "altered"])
def test_a_damaged_file_is_refused_with_its_name_and_the_remedy(monkeypatch, tmp_path, damage: str) -> None:
    fake_files(monkeypatch, tmp_path)
    monkeypatch.setenv("CL_THEORY_DATA", str(tmp_path))
    path = tmp_path / "mnist" / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9] if damage == "truncated" else whole[:50] + bytes([whole[50] ^ 1]) + whole[51:])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz is truncated or altered.*delete it"):
        module.mnist()


def test_an_unknown_split_or_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="'train' or 'test'"):
        module.mnist("validation")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threshold"):
        module.binarised_mnist(threshold=1.0)


def test_a_file_is_fetched_checked_and_kept(mirror, tmp_path) -> None:
    address, served = mirror
    digest = small_file(served)
    path = module.fetch("small.gz", digest, (address,), tmp_path / "cache")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    (served / "small.gz").unlink()
    assert module.fetch("small.gz", digest, (address,), tmp_path / "cache") == path  # from the cache, not the net


def test_the_second_mirror_is_tried_when_the_first_fails(mirror, tmp_path) -> None:
    address, served = mirror
    digest = small_file(served)
    assert module.fetch("small.gz", digest, (address + "missing/", address), tmp_path / "cache").is_file()


def test_an_altered_download_is_refused_and_not_kept(mirror, tmp_path) -> None:
    address, served = mirror
    small_file(served)
    with pytest.raises(ConnectionError, match="CL_THEORY_DATA"):
        module.fetch("small.gz", "0" * 64, (address,), tmp_path / "cache")
    assert not (tmp_path / "cache" / "small.gz").exists()


def test_without_a_network_the_error_names_the_mirror_and_the_remedy(tmp_path) -> None:
    with pytest.raises(ConnectionError, match=r"127.0.0.1:9/.*connect to the network, or put the four files"):
        module.fetch("small.gz", "0" * 64, ("http://127.0.0.1:9/",), tmp_path / "cache")


@needs_mnist
@pytest.mark.parametrize(("split", "n"), [("train", 60_000), ("test", 10_000)])
def test_the_original_files_hold_what_is_known_of_them(split, n: int) -> None:
    images, labels = module.mnist(split)
    assert images.shape == (n, 784)
    assert images.dtype == np.uint8
    assert sorted(set(labels.tolist())) == list(range(10))
    rows, _ = module.binarised_mnist(split)
    np.testing.assert_array_equal(rows[:, 784:].sum(axis=1), 1)
    assert set(np.unique(rows)) == {0, 1}


@needs_mnist
def test_the_first_training_digit_is_a_five_and_brightness_is_as_published() -> None:
    images, labels = module.mnist("train")
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)  # the mean that everybody normalises with
    assert images.std() / 255 == pytest.approx(0.3081, abs=5e-5)
