"""Templates of alerts: a small part of Jinja2 that can neither run for long nor grow large, whoever wrote it.

What is allowed is named here, all else is refused when a template is read: no calls, no arithmetic, no assignments, loops
over the lists of alerts only, and in them over those of one alert. Filters are our own, and cut what they take and give. So
a template of at most 4,000 characters is rendered in a fraction of a second, and in a few megabytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import SandboxedEnvironment

__all__ = ["LONGEST_SUBJECT", "LONGEST_TEXT", "VARIABLES", "fill", "template_fault"]

LONGEST_SUBJECT: Final = 500
LONGEST_TEXT: Final = 4000
"""Characters of templates."""
_MOST_OUTPUT: Final = 20_000
_MOST_VALUE: Final = 4000
_DEEPEST: Final = 30
_MOST_LOOPS: Final = 2

VARIABLES: Final = frozenset(
    {
        "account",
        "account_id",
        "acknowledge_url",
        "alert",
        "alerts",
        "cause",
        "change_count",
        "created_at",
        "id",
        "is_flapping",
        "kind",
        "monitor_count",
        "notes",
        "recipient_id",
        "snooze_url",
        "subject",
        "text",
    }
)
"""What a template may name: the fields of the document, and the first of its alerts."""

_LISTS: Final = frozenset({"alerts", "servers", "proof"})
_LOOP: Final = frozenset({"first", "last", "index", "length"})
_NODES: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Compare,
    nodes.Operand,
    nodes.Filter,
    nodes.Test,
    nodes.Concat,
)
_TESTS: Final = frozenset({"defined", "none"})


class _Refused(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")


class _Environment(SandboxedEnvironment):
    """Values have fields, and no methods."""

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        return isinstance(obj, LoopContext) and attr in _LOOP and value is not None


def template_fault(source: str, values: Mapping[str, object]) -> str | None:
    """What is wrong with a template, with its line; None when nothing is.

    Args:
        source: the template.
        values: an example, with all fields; what is not in it is a fault.
    """
    try:
        _check(_environment(StrictUndefined).parse(source))
        for _ in _pieces(source, values, StrictUndefined):
            pass
    except TemplateSyntaxError as exc:
        return f"line {exc.lineno}: {exc.message}"
    except _Refused as exc:
        return str(exc)
    except TemplateError as exc:
        return f"line {_line_of(exc)}: {exc.message}"
    except (RecursionError, MemoryError, ValueError, TypeError) as exc:
        return f"line {_line_of(exc)}: can't be rendered ({type(exc).__name__}); write it more simply"
    return None


def fill(source: str, values: Mapping[str, object]) -> str:
    """The text that a template makes, cut at 20,000 characters; what is not there is empty.

    Raises:
        ValueError: the template has a fault; the error tells its line.
    """
    try:
        _check(_environment(Undefined).parse(source))
        text, size = [], 0
        for piece in _pieces(source, values, Undefined):
            text.append(piece[: _MOST_OUTPUT - size])
            size += len(piece)
            if size >= _MOST_OUTPUT:
                break
    except (TemplateError, _Refused, RecursionError, MemoryError, TypeError, ValueError) as exc:
        raise ValueError(template_fault(source, values) or type(exc).__name__) from exc
    return "".join(text)


def _pieces(source: str, values: Mapping[str, object], undefined: type[Undefined]) -> Iterator[str]:
    return _environment(undefined).from_string(source).generate(values)


def _environment(undefined: type[Undefined]) -> _Environment:
    environment = _Environment(
        undefined=undefined,
        finalize=lambda value: "" if value is None else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=0,
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(_FILTERS)
    return environment


def _check(template: nodes.Template) -> None:
    """Raises _Refused where a template has what is not allowed."""
    waiting: list[tuple[nodes.Node, int, int, frozenset[str]]] = [(template, 0, 0, VARIABLES)]
    while waiting:
        node, depth, loops, names = waiting.pop()
        if depth > _DEEPEST:
            raise _Refused(node.lineno, "is nested too deep; write it more simply")
        if isinstance(node, nodes.For):
            names, loops = _enter(node, names, loops)
        _check_node(node, names)
        waiting += ((child, depth + 1, loops, names) for child in node.iter_child_nodes())


def _enter(loop: nodes.For, names: frozenset[str], loops: int) -> tuple[frozenset[str], int]:
    listed = loop.iter.node if isinstance(loop.iter, nodes.Getitem) else loop.iter
    name = getattr(listed, "attr", None) or getattr(listed, "name", None)
    if not isinstance(listed, nodes.Name | nodes.Getattr) or name not in _LISTS:
        raise _Refused(loop.lineno, f"loops go over {', '.join(sorted(_LISTS))} only")
    if loop.recursive or not isinstance(loop.target, nodes.Name) or loop.target.name in VARIABLES | _LISTS:
        raise _Refused(loop.lineno, "a loop has one new name, as in {% for each in alerts %}")
    if loops and (loops == _MOST_LOOPS or name == "alerts"):
        raise _Refused(
            loop.lineno, "in a loop over alerts there are loops over servers and proof only, and none in these"
        )
    return names | {loop.target.name, "loop"}, loops + 1


def _check_node(node: nodes.Node, names: frozenset[str]) -> None:
    if not isinstance(node, _NODES):
        word = type(node).__name__.lower()
        raise _Refused(node.lineno, f'"{word}" is not allowed in templates of alerts')
    if isinstance(node, nodes.Name) and node.name not in names:
        raise _Refused(node.lineno, f'there is no "{node.name}"; there are {", ".join(sorted(VARIABLES))}')
    if isinstance(node, nodes.Filter) and (node.name not in _FILTERS or node.kwargs or node.dyn_args):
        raise _Refused(node.lineno, f'there is no such filter "{node.name}"; there are {", ".join(sorted(_FILTERS))}')
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        raise _Refused(node.lineno, f'there is no such test "{node.name}"; there are {", ".join(sorted(_TESTS))}')


def _line_of(exc: BaseException) -> int:
    """Of the template, where an error came up; 1 where that is not known."""
    line, trace = 1, exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _cut(value: object) -> str:
    return "" if value is None else str(value)[:_MOST_VALUE]


def _default(value: object, other: object = "") -> object:
    return other if value is None or isinstance(value, Undefined) or value == "" else value


def _join(value: Iterable[object], separator: object = ", ") -> str:
    return _cut(_cut(separator).join(_cut(each)[:200] for each in list(value)[:50]))


def _shorten(value: object, length: object = 160) -> str:
    text = _cut(value)
    most = length if isinstance(length, int) else 160
    return text if len(text) <= most else f"{text[: max(most - 3, 0)]}..."


_FILTERS: Final[dict[str, Callable[..., object]]] = {
    "default": _default,
    "join": _join,
    "length": len,
    "lower": lambda value: _cut(value).lower(),
    "shorten": _shorten,
    "trim": lambda value: _cut(value).strip(),
    "upper": lambda value: _cut(value).upper(),
}
