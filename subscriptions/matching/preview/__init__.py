"""What a filter would have brought lately, before anybody subscribes to it.

In: a filter's text, or its tree. Out: a `Preview`: papers a day over the newest
edition days, the newest of them with the places to mark, what a small change of the
filter would bring, and what its writer should know. Or a paper: then what brings more
like it, or less (`Tuning`). Nothing is written anywhere.

`shelves` keeps the editions, `changes` makes the filters that it is compared with,
`spellings` knows words that are written in two ways, `phrases` finds what a paper is
about, `wording` writes filters as their reader would.
`nearest` finds the papers themselves that several filters all but found.
"""

from .alike import Alike, Exclusion, Tuning
from .changes import NearMiss, Offer
from .counting import Preview, Sample, Volume, preview, volumes, warm_up
from .nearest import Near, Nearest, nearest
from .wording import written

__all__ = [
    "Alike",
    "Exclusion",
    "Near",
    "NearMiss",
    "Nearest",
    "Offer",
    "Preview",
    "Sample",
    "Tuning",
    "Volume",
    "nearest",
    "preview",
    "volumes",
    "warm_up",
    "written",
]
