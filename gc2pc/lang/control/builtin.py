"""Python's builtins that look at truth values, on secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from types import GeneratorType
from typing import Any, Final

from gc2pc.lang.base import Base
from gc2pc.lang.control.branches import under
from gc2pc.lang.control.inspecting import INSPECTING, elements
from gc2pc.lang.control.reach import around
from gc2pc.lang.control.truth import decision, joined
from gc2pc.lang.exact import Exact, common
from gc2pc.lang.functions import stack
from gc2pc.lang.source import compile_error
from gc2pc.lang.value import Value


def _items(values: Any) -> list[Any]:
    """The elements of anything iterable; an array is its elements along axis 0."""
    return [values[i] for i in range(len(values))] if isinstance(values, Value) else list(elements(values))


def _any_secret(values: Iterable[Any]) -> bool:
    return any(isinstance(value, Base) for value in values)


def _no_key(options: dict[str, Any], name: str) -> None:
    if options:
        raise compile_error(
            f"builtin {name}() takes no {min(options)}= on secrets",
            "std.sort_by(keys, values), or argmax and argmin",
        )


def _sum(values: Any, start: Any = 0) -> Any:
    """The sum never wraps: it is as wide as it needs to be. With a start value it is start + x + y + ..."""
    if not isinstance(start, int) or start != 0:
        return reduce(lambda x, y: x + y, _items(values), start)
    if isinstance(values, Value):
        return values.sum(0) if values.ndim > 1 else values.sum()
    items = _items(values)
    if not _any_secret(items):
        return sum(items)
    total = stack(items).sum(0)
    return total if common(items) is None else Exact.of(total)


def _extreme(name: str) -> Callable[..., Any]:
    native: Callable[..., Any] = {"max": max, "min": min}[name]
    method = {"max": "maximum", "min": "minimum"}[name]

    def extreme(*values: Any, **options: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], Base):
            _no_key(options, name)
            return getattr(values[0], name)(0 if values[0].ndim > 1 else None)
        items = _items(values[0]) if len(values) == 1 else list(values)
        if not _any_secret(items):
            return native(items, **options)
        _no_key(options, name)
        secret = [item for item in items if isinstance(item, Base)]
        first = next((item for item in secret if not isinstance(item, Exact)), secret[0])
        return reduce(lambda x, y: getattr(first.operand(x), method)(y), items)

    return extreme


def _joined(name: str) -> Callable[[Any], Any]:
    stops = name == "any"

    def logic(values: Any) -> Any:
        """As Python does: nothing is looked at behind a public item that decides."""
        generator = values if isinstance(values, GeneratorType) else None
        iterator = iter(_items(values) if isinstance(values, Value | set | frozenset) else values)
        secret: list[Any] = []
        open_still: Any = True  # whether Python would have asked a generator for one more item
        while True:
            item = next(iterator, _END) if open_still is True else _next_under(open_still, iterator)
            if item is _END:
                return getattr(stack(secret), name)() if secret else not stops
            known: Any = decision(item, f"{name}()")
            if known is stops:
                return stops
            if known is not (not stops):
                secret.append(known)
                if generator is not None:
                    open_still = joined(open_still, ~known if stops else known)

    return logic


_END: Final = object()


def _next_under(condition: Any, generator: Any) -> Any:
    """The next item of a generator, with what making it changes where the secret condition holds."""
    # The generator itself, and what it runs over, move on anyway.
    return under(condition, lambda: next(generator, _END), *around(generator))


def _sorted(values: Any, **options: Any) -> Any:
    items = _items(values)
    if not _any_secret(items):
        return sorted(items, **options)
    reverse = bool(options.pop("reverse", False))
    _no_key(options, "sorted")
    ordered = stack(items).sort(descending=reverse)
    return ordered if common(items) is None else [Exact.of(x) for x in _items(ordered)]


def _bool(value: Any = False) -> Any:
    return decision(value, "bool()")


BUILTINS: Final[dict[Any, Callable[..., Any]]] = {
    sum: _sum,
    max: _extreme("max"),
    min: _extreme("min"),
    any: _joined("any"),
    all: _joined("all"),
    sorted: _sorted,
    bool: _bool,
    **INSPECTING,
}
"""What rewritten code calls instead of a builtin."""
