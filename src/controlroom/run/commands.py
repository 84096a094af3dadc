"""What an operator can ask of a run: imperatives, each with the revision of its target that the operator saw."""

from msgspec import Struct

from controlroom.run.phases import SmokeState


class _Command(Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Base of all commands.

    `seen` is the target's revision on the operator's screen (S18), None when the command names its target fully;
    `reason` is free text for the journal.
    """

    seen: int | None = None
    reason: str = ""


class Advance(_Command, frozen=True, kw_only=True):
    """Pass the gate `to`: a service id, or `traffic`."""

    to: str


class Hold(_Command, frozen=True, kw_only=True):
    """Start nothing new."""


class Resume(_Command, frozen=True, kw_only=True):
    """Lift the operator's hold and check the others again."""


class RollBack(_Command, frozen=True, kw_only=True):
    """Take `service` (and by default what depends on it) back; `confirm` must repeat the service id."""

    service: str
    confirm: str
    cascade: bool = True


class RollBackAll(_Command, frozen=True, kw_only=True):
    """Take everything back in reverse order; `confirm` must be the environment."""

    confirm: str
    with_database: bool = False


class Retry(_Command, frozen=True, kw_only=True):
    """Run the failed step of `service` again, or deploy again what was rolled back."""

    service: str


class VerifyAgain(_Command, frozen=True, kw_only=True):
    """Run only the verification of `service` again."""

    service: str


class MarkDone(_Command, frozen=True, kw_only=True):
    """The operator vouches for `service`: it counts as live. Needs a reason."""

    service: str


class MarkFailed(_Command, frozen=True, kw_only=True):
    """The operator says no to what `service` waits for him to do or see: that step has failed. Needs a reason."""

    service: str


class Skip(_Command, frozen=True, kw_only=True):
    """Go on without `service`. Needs a reason; not for required services."""

    service: str


class Abort(_Command, frozen=True, kw_only=True):
    """End the run as it stands, rolling nothing back; `confirm` must be the environment."""

    confirm: str


class Close(_Command, frozen=True, kw_only=True):
    """End a run that has its verdict, or a watch that reached `at_least`."""


class RunSmoke(_Command, frozen=True, kw_only=True):
    """Run automatic checklist items; no items means all that have not passed."""

    items: tuple[str, ...] = ()


class MarkSmoke(_Command, frozen=True, kw_only=True):
    """Set an item by hand."""

    item: str
    state: SmokeState


class UndoSmoke(_Command, frozen=True, kw_only=True):
    """Take back the last mark or result of an item; a new journal entry, nothing is erased."""

    item: str


class OpenTraffic(_Command, frozen=True, kw_only=True):
    """Let public traffic in; the same as advancing to the gate `traffic`."""


class CloseTraffic(_Command, frozen=True, kw_only=True):
    """Keep public traffic out."""


class Acknowledge(_Command, frozen=True, kw_only=True):
    """A human has seen the alarm."""

    alarm: str


class Note(_Command, frozen=True, kw_only=True):
    """Words for the journal, in `reason`."""


class TakeLease(_Command, frozen=True, kw_only=True):
    """Become the driver. Taking it from somebody else needs a reason."""


class HandOver(_Command, frozen=True, kw_only=True):
    """Offer the lease to the operator `to`; `reason` is the note for whoever takes it. The giver drives until then."""

    to: str


class AcceptLease(_Command, frozen=True, kw_only=True):
    """Drive from now on, as the driver has offered."""


class KeepLease(_Command, frozen=True, kw_only=True):
    """The hand-over is off: withdrawn by the driver, or declined by whom it was offered to."""


Command = (
    Advance
    | Hold
    | Resume
    | RollBack
    | RollBackAll
    | Retry
    | VerifyAgain
    | MarkDone
    | MarkFailed
    | Skip
    | Abort
    | Close
    | RunSmoke
    | MarkSmoke
    | UndoSmoke
    | OpenTraffic
    | CloseTraffic
    | Acknowledge
    | Note
    | TakeLease
    | HandOver
    | AcceptLease
    | KeepLease
)


class Order(Struct, frozen=True, kw_only=True):
    """A command on its way: its unique id, and who gives it from where, as established by the control server.

    `operator` is the account's name, or `label (account)` for a shared account; `uid` is the kernel's word for it.
    """

    id: str
    command: Command
    operator: str
    host: str
    uid: int
    client: str = "ctl"
