"""Sixteen float32 values side by side, for kernels whose loops are too short or too tangled to be vectorised alone.

Functions for use inside ``@njit`` code only. An order of additions is fixed by what is written here, so that results
do not depend on what a compiler prefers. Arrays are read through their bare addresses: Numba counts references to an
array at every inlined call, which costs more than sixteen multiply-adds. Offsets count elements and are not checked,
and whoever takes an address must have been given the array as an argument, so that it lives on.

Neither Numba nor another library has vectors to write kernels with, and a prototype in plain loops was slower: a free
sweep of an RBM of 16 x 16 units took 95 ns on one thread, and 70 so; with learning at every sweep 268 ns, and 81 so.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

WIDTH = 16

_I32 = ir.IntType(32)
_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
_UNDEFINED = ir.Constant(_VECTOR, ir.Undefined)
_ZEROS, _ONES = (ir.Constant(_VECTOR, [value] * WIDTH) for value in (0.0, 1.0))


class LanesType(types.Type):
    """Numba's type of sixteen float32 values in one register."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


lanes = LanesType()
_device: Any = intrinsic  # its type hints do not know that the first argument is supplied by the compiler


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: LanesType) -> None:
        super().__init__(manager, fe_type, _VECTOR)


def _indices(numbers: Any) -> ir.Constant:
    listed = list(numbers)
    return ir.Constant(ir.VectorType(_I32, len(listed)), listed)


def _lanes_at(builder: Any, pointer: Any, offset: Any) -> Any:
    return builder.bitcast(builder.gep(pointer, [offset]), _VECTOR.as_pointer())


def _spread(builder: Any, number: Any) -> Any:
    first = builder.insert_element(_UNDEFINED, number, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, _UNDEFINED, _indices([0] * WIDTH))


@_device
def address(typing_context, array):
    """Pointer to the first element of a contiguous array."""

    def generate(context, builder, signature, arguments):
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


@_device
def load(typing_context, pointer, offset):
    """Lanes pointer[offset:offset + 16]."""

    def generate(context, builder, signature, arguments):
        return builder.load(_lanes_at(builder, *arguments), align=4)

    return lanes(pointer, types.intp), generate


@_device
def store(typing_context, pointer, offset, value):
    """pointer[offset:offset + 16] = value."""

    def generate(context, builder, signature, arguments):
        builder.store(arguments[2], _lanes_at(builder, *arguments[:2]), align=4)
        return context.get_dummy_value()

    return types.void(pointer, types.intp, lanes), generate


@_device
def spread(typing_context, number):
    """The same number in all lanes."""

    def generate(context, builder, signature, arguments):
        return _spread(builder, arguments[0])

    return lanes(types.float32), generate


@_device
def spread_element(typing_context, pointer, offset):
    """pointer[offset] in all lanes."""

    def generate(context, builder, signature, arguments):
        return _spread(builder, builder.load(builder.gep(arguments[0], [arguments[1]])))

    return lanes(pointer, types.intp), generate


@_device
def add(typing_context, a, b):
    """a + b."""

    def generate(context, builder, signature, arguments):
        return builder.fadd(*arguments)

    return lanes(lanes, lanes), generate


@_device
def multiply_add(typing_context, a, b, c):
    """a * b + c, in one rounding where the processor can."""

    def generate(context, builder, signature, arguments):
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.fmuladd.v16f32"), arguments)

    return lanes(lanes, lanes, lanes), generate


@_device
def above(typing_context, a, b):
    """1 where a > b, else 0."""

    def generate(context, builder, signature, arguments):
        return builder.select(builder.fcmp_ordered(">", *arguments), _ONES, _ZEROS)

    return lanes(lanes, lanes), generate


def _shuffled_sum(builder: Any, pair: Any, one: list[int], other: list[int]) -> Any:
    a, b = pair
    return builder.fadd(builder.shuffle_vector(a, b, _indices(one)), builder.shuffle_vector(a, b, _indices(other)))


def _by_quarters(pattern: list[int]) -> list[int]:
    """The same choice within each quarter of four lanes; numbers from 4 on mean the second vector."""
    return [quarter + (k if k < 4 else WIDTH - 4 + k) for quarter in range(0, WIDTH, 4) for k in pattern]


@_device
def four_sums(typing_context, a, b, c, d):
    """In each quarter, the sums of that quarter of a, b, c and d: shuffles within quarters are the cheap ones."""

    def generate(context, builder, signature, arguments):
        low, high = _by_quarters([0, 4, 1, 5]), _by_quarters([2, 6, 3, 7])
        left, right = (_shuffled_sum(builder, pair, low, high) for pair in (arguments[:2], arguments[2:]))
        return _shuffled_sum(builder, (left, right), _by_quarters([0, 1, 4, 5]), _by_quarters([2, 3, 6, 7]))

    return lanes(lanes, lanes, lanes, lanes), generate


@_device
def quarter_sums(typing_context, a, b, c, d):
    """The sum of the quarters of a, then of b, of c and of d: with `four_sums`, the sums of sixteen vectors."""

    def generate(context, builder, signature, arguments):
        even, odd = (
            [lane for q in quarters for lane in range(4 * q, 4 * q + 4)] for quarters in ((0, 2, 4, 6), (1, 3, 5, 7))
        )
        left, right = (_shuffled_sum(builder, pair, even, odd) for pair in (arguments[:2], arguments[2:]))
        return _shuffled_sum(builder, (left, right), even, odd)

    return lanes(lanes, lanes, lanes, lanes), generate


@_device
def total(typing_context, a):
    """The sum of all lanes, halves added to halves."""

    def generate(context, builder, signature, arguments):
        sums, width = arguments[0], WIDTH
        while width > 1:
            width //= 2
            low, high = _indices(range(width)), _indices(range(width, 2 * width))
            sums = builder.fadd(builder.shuffle_vector(sums, sums, low), builder.shuffle_vector(sums, sums, high))
        return builder.extract_element(sums, ir.Constant(_I32, 0))

    return types.float32(lanes), generate
