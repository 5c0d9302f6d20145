"""A graph in layers can be read."""

from itertools import pairwise

import numpy as np
import pytest

from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.reader.claim_map import laid_out

SIZES = {"in_a_row": 3, "node_width": 100.0, "bend_width": 6.0, "gap": 10.0}


def random_graph(seed, n_nodes):
    rng = np.random.default_rng(seed)
    names = [f"n{i}" for i in range(n_nodes)]
    return {
        name: sorted({names[j] for j in rng.integers(0, i, rng.integers(0, 3))} if i else set())
        for i, name in enumerate(names)
    }


GRAPHS = [random_graph(seed, n_nodes) for seed, n_nodes in enumerate((1, 2, 5, 12, 30, 60))]
GRAPHS += [{name: list(claim.rests_on) for name, claim in all_claims().items()}]


@pytest.fixture(params=GRAPHS, ids=len)
def graph(request):
    return request.param


@pytest.fixture
def plan(graph):
    return laid_out(graph, **SIZES)


def test_every_node_stands_once_below_its_parents_in_a_row_that_has_room(graph, plan):
    rows = plan.rows
    nodes = [[spot for spot in row if isinstance(spot, str)] for row in rows]
    assert sorted(name for row in nodes for name in row) == sorted(graph)
    assert max(map(len, nodes)) <= SIZES["in_a_row"]
    row_of = {name: number for number, row in enumerate(nodes) for name in row}
    assert all(row_of[parent] < row_of[name] for name in graph for parent in graph[name])


def test_nothing_overlaps_so_that_no_edge_runs_through_a_node_and_all_lies_within_the_width(plan):
    width = {True: SIZES["node_width"], False: SIZES["bend_width"]}
    for row in plan.rows:
        for left, right in pairwise(row):
            room = (width[isinstance(left, str)] + width[isinstance(right, str)]) / 2 + SIZES["gap"]
            assert plan.x[right] - plan.x[left] >= room - 1e-9
    assert min(plan.x.values()) >= 0
    assert max(plan.x.values()) <= plan.width


def test_every_edge_goes_from_row_to_row_without_a_jump(graph, plan):
    row_of = {spot: number for number, row in enumerate(plan.rows) for spot in row}
    assert len(plan.edges) == sum(map(len, graph.values()))
    for edge in plan.edges:
        assert edge[0] in graph[edge[-1]]
        assert all(row_of[below] == row_of[above] + 1 for above, below in pairwise(edge))


def test_the_same_graph_is_drawn_the_same_each_time_and_an_empty_one_has_no_width(graph, plan):
    assert laid_out(graph, **SIZES) == plan
    assert laid_out({}, **SIZES).width == 0
