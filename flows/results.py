"""What a function returned, as JSON holds it. Beside the engine, because a worker loads nothing but this."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_PLAIN = (type(None), bool, int, str)


def encode(function: Callable[..., Any], value: Any) -> Any:
    """What ``function`` returned, as JSON holds it."""
    return value if type(value) in _PLAIN else _returns(function).dump_python(value, mode="json")


def decode(function: Callable[..., Any], raw: Any) -> Any:
    """The same, as the function returned it."""
    return raw if type(raw) in _PLAIN else _returns(function).validate_python(raw)


@cache
def _returns(function: Callable[..., Any]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    hints = get_type_hints(function)
    if "return" not in hints:
        from flows.engine.flow import FlowFault

        raise FlowFault(f"{function.__qualname__} does not say what it returns")
    return TypeAdapter(hints["return"])
