"""A day's way to the inbox: the only place where the stages meet.

`ingest` fills editions, `publish` freezes those whose source has settled, `compose`
writes one delivery for every reader who is due, `send` hands the mails over; `run`
does all of it for one due date. Each may run twice, or by three processes at once:
the database makes the second run a no-op.
"""

from .compose import Composed, compose, compose_day
from .explain import explain
from .importing import BadLine, Imported, import_subscribers
from .intake import first_edition, ingest, ingest_file, publish, publish_until
from .mails import preview, web_copy
from .pausing import decide_held, judge, look_after, pause, resume
from .progress import Progress, progress
from .reminders import remind
from .returns import forget_returns, take_returns
from .round import RoundReport, close_rounds, deliver, forget, run

__all__ = [
    "BadLine",
    "Composed",
    "Imported",
    "Progress",
    "RoundReport",
    "close_rounds",
    "compose",
    "compose_day",
    "decide_held",
    "deliver",
    "explain",
    "first_edition",
    "forget",
    "forget_returns",
    "import_subscribers",
    "ingest",
    "ingest_file",
    "judge",
    "look_after",
    "pause",
    "preview",
    "progress",
    "publish",
    "publish_until",
    "remind",
    "resume",
    "run",
    "take_returns",
    "web_copy",
]
