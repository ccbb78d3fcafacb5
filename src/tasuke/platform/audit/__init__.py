"""The audit trail: who, when, from which screen, what for, which persons; append-only, sealed, provable.

`Recorder` collects what one request (or one command) read and changed and writes it in that very transaction.
"""

from tasuke.platform.audit.events import EventKind
from tasuke.platform.audit.recorder import Origin, Recorder

__all__ = ["EventKind", "Origin", "Recorder"]
