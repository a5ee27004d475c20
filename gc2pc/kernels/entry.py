"""What Python calls: a function in LLVM's language around a kernel, and machine code of the two.

It is a function of CPython's METH_FASTCALL kind. It takes arrays and integers from Python, refuses what the
kernel's signature does not say, releases the GIL and calls the kernel:

- An array is an `ndarray` itself (no subclass, no sequence), of that dtype and number of dimensions, in the
  machine's byte order, C-contiguous, aligned, and writable unless the signature says otherwise. Anything else
  is a TypeError.
- An integer is whatever has ``__index__``; beyond 64 bits it is an OverflowError, a float a TypeError.
  ``__index__`` is Python and may resize an array, so all integers are taken before any array is looked at.

Machine code may refer to the C library and to the few functions of CPython that stand here, and to nothing
of Numba's. So a kernel cannot allocate.
"""

from __future__ import annotations

import functools
import sys
from typing import Any, Final

import numpy as np
from llvmlite import binding as llvm
from llvmlite import ir

from gc2pc.kernels.deferred import arrayobj, types
from gc2pc.kernels.native import OBJECTS, symbol

I8: Final = ir.IntType(8)
I32: Final = ir.IntType(32)
I64: Final = ir.IntType(64)
POINTER: Final = I8.as_pointer()

HEADER: Final = object.__basicsize__
"""Bytes of CPython's PyObject; its last field is the type."""

# Places after the header in NumPy's PyArrayObject_fields and PyArray_Descr (ndarraytypes.h). Every compiled
# extension module has them inlined, so they never change.
DATA, DIMENSIONS, SHAPE, DTYPE, FLAGS = 0, 8, 16, 40, 48
BYTE_ORDER, TYPE_NUMBER = 10, 12

OTHER_ORDER: Final = ">" if sys.byteorder == "little" else "<"

C_CONTIGUOUS: Final = 0x0001
ALIGNED: Final = 0x0100
WRITEABLE: Final = 0x0400

PYTHON: Final = {
    "PyErr_Occurred": ir.FunctionType(POINTER, []),
    "PyErr_SetString": ir.FunctionType(ir.VoidType(), [POINTER, POINTER]),
    "PyEval_RestoreThread": ir.FunctionType(ir.VoidType(), [POINTER]),
    "PyEval_SaveThread": ir.FunctionType(POINTER, []),
    "PyLong_AsLongLong": ir.FunctionType(I64, [POINTER]),
    "PyLong_AsUnsignedLongLong": ir.FunctionType(I64, [POINTER]),
    "PyLong_FromLongLong": ir.FunctionType(POINTER, [I64]),
    "PyLong_FromUnsignedLongLong": ir.FunctionType(POINTER, [I64]),
    "PyNumber_Index": ir.FunctionType(POINTER, [POINTER]),
    "Py_DecRef": ir.FunctionType(ir.VoidType(), [POINTER]),
    "Py_IncRef": ir.FunctionType(ir.VoidType(), [POINTER]),
}


class _Entry:
    """The code of one entry, in the making."""

    def __init__(self, kernel: str, context: Any, descriptor: Any) -> None:
        self.kernel, self.context, self.descriptor = kernel, context, descriptor
        self.module = context.create_module(kernel)
        kind = ir.FunctionType(POINTER, [POINTER, POINTER.as_pointer(), I64])
        self.function = ir.Function(self.module, kind, symbol(kernel))
        self.builder = ir.IRBuilder(self.function.append_basic_block())

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of CPython's."""
        function = self.module.globals.get(name) or ir.Function(self.module, PYTHON[name], name)
        return self.builder.call(function, arguments)

    def object(self, which: Any) -> Any:
        """One of the Python objects that `native` gives addresses to."""
        name = OBJECTS[which]
        return self.module.globals.get(name) or ir.GlobalVariable(self.module, I8, name)

    def field(self, base: Any, offset: int, kind: Any) -> Any:
        """What stands at `offset` after the header of an object."""
        place = self.builder.gep(base, [ir.Constant(I64, HEADER + offset)])
        return self.builder.load(self.builder.bitcast(place, kind.as_pointer()))

    def give_up(self, condition: Any, message: str = "", error: type = TypeError) -> None:
        """Return to Python with an exception if `condition` holds: with a new one if there is a message."""
        with self.builder.if_then(condition, likely=False):
            if message:
                content = ir.Constant(ir.ArrayType(I8, len(message) + 1), bytearray(f"{message}\0".encode()))
                text = ir.GlobalVariable(self.module, content.type, self.module.get_unique_name("text"))
                text.initializer, text.global_constant, text.linkage = content, True, "internal"
                self.call("PyErr_SetString", self.object(error), self.builder.bitcast(text, POINTER))
            self.builder.ret(POINTER(None))

    def integer(self, given: Any, kind: Any) -> Any:
        """An int64 or uint64 of a Python object."""
        index = self.call("PyNumber_Index", given)
        self.give_up(self.builder.icmp_unsigned("==", index, POINTER(None)))
        value = self.call("PyLong_AsLongLong" if kind.signed else "PyLong_AsUnsignedLongLong", index)
        self.call("Py_DecRef", index)
        with self.builder.if_then(self.builder.icmp_signed("==", value, I64(-1)), likely=False):
            occurred = self.call("PyErr_Occurred")
            self.give_up(self.builder.icmp_unsigned("!=", occurred, POINTER(None)))
        return value

    def array(self, given: Any, kind: Any, what: str) -> Any:
        """Numba's view of a NumPy array."""
        builder = self.builder
        numpy_type = np.dtype(str(kind.dtype))
        needed = C_CONTIGUOUS | ALIGNED | (WRITEABLE if kind.mutable else 0)
        writable = "writable " if kind.mutable else ""
        message = (
            f"{what} must be a C-contiguous {writable}{kind.ndim}-dimensional array of {numpy_type.name}"
        )
        other = builder.icmp_unsigned("!=", self.field(given, -8, POINTER), self.object(np.ndarray))
        self.give_up(other, message)
        dtype = self.field(given, DTYPE, POINTER)
        matches = [
            builder.icmp_signed("==", self.field(given, DIMENSIONS, I32), I32(kind.ndim)),
            builder.icmp_signed("==", builder.and_(self.field(given, FLAGS, I32), I32(needed)), I32(needed)),
            builder.icmp_signed("==", self.field(dtype, TYPE_NUMBER, I32), I32(numpy_type.num)),
            # "=", "|" and the machine's own are one and the same here, as NumPy's PyArray_ISNBO has it.
            builder.icmp_signed("!=", self.field(dtype, BYTE_ORDER, I8), I8(ord(OTHER_ORDER))),
        ]
        self.give_up(builder.not_(functools.reduce(builder.and_, matches)), message)
        shape_at = builder.bitcast(self.field(given, SHAPE, POINTER), I64.as_pointer())
        shape = [builder.load(builder.gep(shape_at, [I32(axis)])) for axis in range(kind.ndim)]
        item = I64(numpy_type.itemsize)
        strides = [item]
        for length in shape[:0:-1]:
            strides.insert(0, builder.mul(strides[0], length))
        made = self.context.make_array(kind)(self.context, builder)
        arrayobj.populate_array(
            made,
            data=builder.bitcast(self.field(given, DATA, POINTER), made.data.type),
            shape=shape,
            strides=strides,
            itemsize=item,
            meminfo=None,
        )
        return made._getvalue()

    def count_no_references(self) -> None:
        """Define Numba's reference counting to do nothing: NumPy owns all arrays, and Python holds them."""
        for name in ("NRT_incref", "NRT_decref"):
            function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [POINTER]), name)
            ir.IRBuilder(function.append_basic_block()).ret_void()

    def build(self, names: list[str]) -> None:
        """Arguments from Python, the kernel without the GIL, its result to Python."""
        kinds, result = self.descriptor.argtypes, self.descriptor.restype
        _, given, count = self.function.args
        wrong = self.builder.icmp_signed("!=", count, I64(len(kinds)))
        self.give_up(wrong, f"{self.kernel}() takes exactly {len(kinds)} arguments")
        values: list[Any] = [None] * len(kinds)
        arrays = [isinstance(kind, types.Array) for kind in kinds]
        for position in sorted(range(len(kinds)), key=arrays.__getitem__):  # integers first
            name, kind = names[position], kinds[position]
            one = self.builder.load(self.builder.gep(given, [I64(position)]))
            if arrays[position]:
                values[position] = self.array(one, kind, f"{self.kernel}(): {name}")
            elif kind in (types.int64, types.uint64):
                values[position] = self.integer(one, kind)
            else:
                raise TypeError(f"{self.kernel}: {name} is of type {kind}, which Python cannot pass")
        callee = self.context.declare_function(self.module, self.descriptor)
        thread = self.call("PyEval_SaveThread")
        status, value = self.context.call_conv.call_function(self.builder, callee, result, kinds, values)
        self.call("PyEval_RestoreThread", thread)
        self.give_up(status.is_error, f"{self.kernel}() raised an exception", RuntimeError)
        if result == types.none:
            self.call("Py_IncRef", self.object(None))
            self.builder.ret(self.object(None))
        elif result in (types.int64, types.uint64):
            sign = "" if result.signed else "Unsigned"
            self.builder.ret(self.call(f"PyLong_From{sign}LongLong", value))
        else:
            raise TypeError(f"{self.kernel} returns {result}, which Python cannot get")


def object_code(kernel: str, dispatcher: Any) -> bytes:
    """An object file with the kernel and its entry, for Numba's target.

    Args:
        kernel: "module.name".
        dispatcher: Numba's function, compiled for one signature.

    Raises:
        TypeError: The kernel needs something at run time that is not there, such as memory.
    """
    (compiled,) = dispatcher.overloads.values()
    context = dispatcher.targetctx
    entry = _Entry(kernel, context, compiled.fndesc)
    entry.build(list(dispatcher._compiler.pysig.parameters))
    entry.count_no_references()
    module = llvm.parse_assembly(str(entry.module))
    # Only what the entry reaches is linked, since what Numba links with others is "linkonce".
    module.link_in(compiled.library._get_module_for_linking(), preserve=True)
    module.verify()
    defined = [function for function in module.functions if not function.is_declaration]
    for function in defined:
        if function.name != symbol(kernel):
            function.linkage = "internal"  # each file has its own copies
    known = {*PYTHON, *OBJECTS.values()}
    outside = [
        value.name
        for value in [*module.functions, *module.global_variables]
        if value.is_declaration and not value.name.startswith("llvm.") and value.name not in known
    ]
    if compiled.library.has_dynamic_globals:
        outside.append("an address of this process")
    if outside:
        raise TypeError(f"kernel {kernel} needs {', '.join(outside)} at run time, where there is no Numba")
    code: bytes = context.codegen()._tm.emit_object(module)
    return code
