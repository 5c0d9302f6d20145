"""Finished cells on disk: damaged ones are not believed, and two runs never hold one cell."""

import threading

import pytest

from cl_theory.proof.experiments.store import leased

PROVENANCE = {"seconds": 1.0, "machine": {}}


@pytest.fixture
def cell(tiny):
    return tiny.cells[0]


def test_a_cell_is_read_as_it_was_written(checkout, cell):
    assert checkout.store.read(cell) is None
    assert checkout.store.state(cell) == "missing"
    checkout.store.write(cell, {"curves": [1.5]}, PROVENANCE)
    assert checkout.store.read(cell)["result"] == {"curves": [1.5]}
    assert checkout.store.state(cell) == "stored"


@pytest.mark.parametrize("damage", [lambda text: text[:40], lambda text: text.replace("1.5", "1.6")])
def test_a_damaged_cell_counts_as_missing_and_can_be_replaced(checkout, cell, damage):
    checkout.store.write(cell, {"curves": [1.5]}, PROVENANCE)
    path = checkout.store.path(cell)
    path.write_text(damage(path.read_text()))
    assert checkout.store.read(cell) is None
    assert checkout.store.state(cell) == "damaged"
    checkout.store.write(cell, {"curves": [1.5]}, PROVENANCE)
    assert checkout.store.state(cell) == "stored"


def test_a_file_of_another_cell_is_not_believed(checkout, tiny):
    one, other = tiny.cells[:2]
    checkout.store.write(one, {}, PROVENANCE)
    checkout.store.path(one).rename(checkout.store.path(other))
    assert checkout.store.read(other) is None


def test_only_one_holds_a_cell_and_the_next_once_it_is_given_back(checkout, cell):
    first = checkout.store.lease(cell)
    assert checkout.store.lease(cell) is None
    assert checkout.store.state(cell) == "in flight"
    with leased(first):
        pass
    assert checkout.store.state(cell) == "missing"
    second = checkout.store.lease(cell)
    assert second is not None
    second.release()


def test_a_lock_file_that_was_left_behind_does_no_harm(checkout, cell):
    path = checkout.store.path(cell).with_suffix(".lock")
    path.parent.mkdir(parents=True)
    path.touch()
    assert checkout.store.state(cell) == "missing"
    lock = checkout.store.lease(cell)
    assert lock is not None
    lock.release()


def test_however_leases_are_taken_and_given_back_one_at_a_time_is_held(checkout, cell):
    holders, most, taken = [], [], []

    def contend():
        for _ in range(60):
            lock = checkout.store.lease(cell)
            if lock is not None:
                with leased(lock):
                    holders.append(1)
                    most.append(len(holders))
                    holders.pop()
                taken.append(1)

    threads = [threading.Thread(target=contend) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) > 60
    assert max(most) == 1


def test_what_killed_writers_left_is_swept_away(checkout, cell):
    path = checkout.store.path(cell)
    path.parent.mkdir(parents=True)
    left = path.with_name(f".{path.name}.999999.part")
    left.write_text("half")
    checkout.store.write(cell, {}, PROVENANCE)
    assert not left.exists()
