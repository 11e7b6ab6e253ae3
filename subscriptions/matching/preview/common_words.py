"""Words that say nothing about what one paper is about."""

from __future__ import annotations

_STOP = """
a ability able about above achieve achieved achieves achieving across address
addresses addressing after again against aim aims all allow allowing allows almost
along already also although always am among an analysis analyze analyzes and another
any application applications applied apply approach approaches are arises around as
at available average away back based baseline baselines be became because become
been before being below benchmark benchmarks best better between beyond both broad
but by came can cannot capabilities capability capture captures case cases challenge
challenges challenging code common comparable compare compared competitive complex
comprehensive consider consistent consistently contribution contributions could
critical crucial current data dataset datasets demonstrate demonstrates
demonstrating depend design designed despite detailed develop developed develops did
different difficult directly diverse do does domain domains done down downstream due
during each effect effective effectively effectiveness efficiency efficient either
else emerging enable enables enabling enhance enhances enhancing ensure ensures
establish evaluate evaluated evaluating evaluation even every evidence examine
example exhibit existing experiment experimental experiments explicit explicitly
explore explores extend extends extensive fail fails few field final finally find
findings finds first five focus for four framework frameworks from fully fundamental
further furthermore gain gains gap general generally generate generates get github
give given gives good had has have having he help helps her here high highly his how
however i identify if impact important improve improved improvement improvements
improves improving in include includes including increase increases increasing
increasingly indicate insight insights inspired instead into introduce introduces
introducing investigate investigates is issue issues it its itself just key lack
large lead leading leads less level leverage leverages leveraging like limit
limitation limitations limited little low made main mainly maintain maintaining
major make makes making many may me method methods might model modeling models more
most motivated much multiple must my namely natural near need needs neither never
new next no non nor not novel now number observe obtain of off offer offers often on
once one ones only onto open or other others our out outperform outperforming
outperforms over overall own paper papers particular particularly per perform
performance performs popular possible potential practical present presented presents
prior problem problems produce project promising proper propose proposed proposes
prove provide provided provides providing public publicly quality quite range rather
real recent recently reduce reduces reducing related release released rely remain
remains remarkable require required requires research result resulting results
reveal reveals robust same scenario scenarios second see seen setting settings
several she should show shown shows significant significantly simple simultaneously
since single small so solution solutions solve solving some source specific
specifically standard state still strategies strategy strong struggle studies study
substantial substantially such suggest superior support supports system systems task
tasks technique techniques test tested than that the their them themselves then
theory there thereby these they this those though three through throughout thus to
today together too toward towards traditional two typically ultimately under
underlying understand unified unlike until up upon us use used uses using usually
validate various versatile very via was way ways we well were what when where
whereas whether which while who whole whose why widely will with within without work
works world-class would yet you your
"""

_JOINING = """
analysis benchmark benchmarks code data dataset datasets design domain evaluation
framework general generation key level limit method model modeling models natural
open problem quality research single source state system systems task tasks test
theory world model
"""

# Of any English text, and of any paper: no name of a topic holds one of them,
STOP = frozenset(_STOP.split())
# but for these, which join one and are none by themselves: "world model".
JOINING = frozenset(_JOINING.split())
