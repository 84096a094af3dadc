"""The docstrings below the fields of the model, read from its source for the schema and the reference."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from pydantic import BaseModel

from controlroom.plan.base import OneOf, Strict


def models(base: type[BaseModel] = Strict) -> Iterator[type[BaseModel]]:
    """Every model of the plan language, each once, in the order of their definition."""
    seen: dict[type[BaseModel], None] = {}
    waiting = [base]
    while waiting:
        model = waiting.pop(0)
        for found in model.__subclasses__():
            if found not in seen and found is not OneOf:
                seen[found] = None
            waiting.append(found)
    yield from seen


@cache
def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Key in the plan → the docstring of its field, those of base classes included."""
    docs: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if owner.__module__.startswith("controlroom.") and issubclass(owner, BaseModel):
            docs |= dict(_below_fields(owner))
    return {(field.alias or name): docs[name] for name, field in model.model_fields.items() if name in docs}


def _below_fields(owner: type) -> Iterator[tuple[str, str]]:
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for above, below in pairwise(statements):
        if not (isinstance(above, ast.AnnAssign) and isinstance(above.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            yield above.target.id, " ".join(below.value.value.split())
