"""The exception tree: every failure that a user can meet, with the exit code it ends in.

ControlroomError                exit 1
├── UsageError                  exit 2   wrong words on the command line, an unknown fault
│   ├── PlanError               exit 2   a plan file that is missing, unreadable or invalid
│   │   └── NotRehearsable      exit 2   a plan without a rehearsal overlay
│   └── MissingSecret           exit 2   an ${env:…} or ${file:…} reference that resolves to nothing
├── Refused                     exit 5   a command that may not run: stale, lease, window, confirmation, another run
│   └── PreflightRefused        exit 5   a run that may not start: breach, window, unreachable parts
├── NoSuchRun                   exit 6   no run by that id or prefix
├── Interrupted                 exit 4   the engine is gone before the run ended, or the time to wait is out
│   └── EngineUnreachable       exit 4   nothing answers on the run's socket
├── JournalError                exit 1   the journal cannot be written or read: refuse to act and say so
│   └── JournalCorrupt          exit 1   the hash chain does not hold
├── SamplesUnkept               exit 1   the samples of a run cannot be written or read: said, and nothing stops
├── StageError                  exit 1   the rehearsal stage did not start or broke
├── Undelivered                 exit 1   a message could not be delivered; raised inside the engine only
└── ActionError                 exit 1   an action could not be carried out; raised inside the engine only
"""


class ControlroomError(Exception):
    """Base of all errors of this program; `str()` is a message for the operator, `exit_code` the process's."""

    exit_code = 1


class UsageError(ControlroomError):
    """The words on the command line do not make sense."""

    exit_code = 2


class PlanError(UsageError):
    """A plan file cannot be used; the message holds every problem, rendered."""


class NotRehearsable(PlanError):  # noqa: N818 - the state of a plan, not a malfunction
    """The plan has no rehearsal overlay."""


class MissingSecret(UsageError):  # noqa: N818 - reads as what it reports
    """One or more secret references resolve to nothing; the message names each and where it is used."""


class Refused(ControlroomError):  # noqa: N818 - the product's word for it
    """A command was understood and not carried out; the message says why."""

    exit_code = 5


class PreflightRefused(Refused):
    """A run may not start."""


class NoSuchRun(ControlroomError):  # noqa: N818 - reads as what it reports
    """No run has that id or prefix."""

    exit_code = 6


class Interrupted(ControlroomError):  # noqa: N818 - the contract's word for exit 4
    """The run is not over, but nobody is left to go on with it, or the caller's time is out."""

    exit_code = 4


class EngineUnreachable(Interrupted):
    """Nothing answers on the run's control socket."""


class JournalError(ControlroomError):
    """The journal cannot be written or read; nothing may be done that it would not remember."""


class JournalCorrupt(JournalError):  # noqa: N818 - the state of a file, not a malfunction
    """An event was altered, lost or torn."""


class SamplesUnkept(ControlroomError):  # noqa: N818 - reads as what it reports
    """The samples of a run cannot be written or read; the run itself needs none of them."""


class StageError(ControlroomError):
    """The rehearsal stage did not start, or broke."""


class Undelivered(ControlroomError):  # noqa: N818 - reads as what it reports
    """A notifier did not take a message.

    `fix` is set when trying again is in vain until somebody does that. `again_s` is for how many real seconds it wants
    to be left alone, `perhaps` says that the message may have got through all the same.
    """

    def __init__(self, why: str, *, fix: str = "", again_s: float | None = None, perhaps: bool = False) -> None:
        super().__init__(why)
        self.fix, self.again_s, self.perhaps = fix, again_s, perhaps


class ActionError(ControlroomError):
    """An action could not be carried out."""
