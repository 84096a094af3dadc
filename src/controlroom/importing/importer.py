"""A go-live document becomes a plan with gaps: what it says is used, what it does not say is left open by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlroom.errors import PlanError
from controlroom.importing.reading import read_document
from controlroom.importing.write_plan import plan_text

if TYPE_CHECKING:
    from controlroom.importing.draft import Remark


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a plan, what to mind about the document, and what nothing was made of."""

    plan: str
    remarks: tuple[Remark, ...]
    unread: tuple[Remark, ...]


def import_document(text: str, name: str) -> Imported:
    """The plan that the Markdown `text` of the document `name` describes. Raises PlanError when it has no steps."""
    draft, unread = read_document(text)
    if not draft.services:
        raise PlanError(
            f"{name}: no deployment steps found: they stand in a table with a column for services and one for actions, "
            "or in a numbered list of **Service**: action, below a heading such as Deployment steps"
        )
    return Imported(plan_text(draft, name), tuple(draft.remarks), tuple(unread))
