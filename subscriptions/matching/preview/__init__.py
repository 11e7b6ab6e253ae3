"""What a filter would have brought lately, before anybody subscribes to it.

In: a filter's text, or its tree. Out: a `Preview`: papers a day over the newest
edition days, the newest of them with the places to mark, what a small change of the
filter would bring, and what its writer should know. Nothing is written anywhere.
`shelves` keeps the editions, `changes` makes the filters that it is compared with,
`wording` writes them as their reader would. `nearest` finds the papers themselves that
several filters all but found.
"""

from .changes import NearMiss, Offer
from .counting import Preview, Sample, Volume, preview, volumes, warm_up
from .nearest import Near, Nearest, nearest

__all__ = [
    "Near",
    "NearMiss",
    "Nearest",
    "Offer",
    "Preview",
    "Sample",
    "Volume",
    "nearest",
    "preview",
    "volumes",
    "warm_up",
]
