"""What the rounds of `bench send` come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from . import busy
from .children import Run
from .latency import CONNECTIONS, DELAY, Far
from .ledger import Compared

# Each the rate of one way in a round to that of another in the same round.
_RATIOS = {
    "vs_smtp_source_1core": ("plain_1core", "smtp_source_1core"),
    "vs_smtp_source_2core": ("plain_2core", "smtp_source_2core"),
    "vs_smtp_source_dkim_1core": ("dkim_1core", "smtp_source_1core"),
    "vs_smtp_source_dkim_2core": ("dkim_2core", "smtp_source_2core"),
    "vs_django_loop_dkim": ("dkim_1core", "django_loop_1core"),
}
_OURS = ("plain_1core", "dkim_1core", "plain_2core", "dkim_2core")


def of(
    runs: Mapping[str, Sequence[Run]],
    ledger: Sequence[Compared],
    far: Sequence[Far],
    beside: Sequence[busy.Compared],
) -> dict[str, float]:
    """Medians over the rounds, of a ratio that of the rounds' own.

    `..._per_s`: mails a second from the word to go, all processes being ready, until
    the last has written its last outcome. Starting and importing are not in it,
    connecting is; of `smtp-source` all is, its start being a thousandth of a second.
    `..._1core`: the sender on the first core, the sink and PostgreSQL's backends on the
    second; `..._2core`: two senders and two sinks, anywhere. `..._cpu_ms`: of the
    senders for one mail, user and system. `ledger_vs_orm`: the smaller of the ratios on
    the clock and of CPU. `latency_100ms_fraction`: mails a second from the first MAIL
    to the last reply, of one for each connection and delay. `others_..._per_s`: the
    same of mails to other domains than the busy one. `peak_rss_mb`: of a sender.
    """
    figures: dict[str, float] = {}
    for name, (way, other) in _RATIOS.items():
        figures[name] = _ratio(runs[way], runs[other])
    figures["ledger_vs_orm"] = min(
        median(each.ratios[at] for each in ledger) for at in (0, 1)
    )
    rate = median(each.per_s for each in far)
    figures["latency_100ms_fraction"] = rate / (CONNECTIONS / DELAY)
    for name, some in runs.items():
        figures[f"{name}_per_s"] = median(run.per_s for run in some)
        figures[f"{name}_cpu_ms"] = median(run.cpu_ms for run in some)
    figures["django_loop_mails"] = runs["django_loop_1core"][0].mails
    figures |= _of_ledger(ledger)
    figures["latency_100ms_per_s"] = rate
    figures["latency_100ms_connections"] = max(each.most for each in far)
    figures["others_rate_with_a_domain_at_421"] = median(x.ratio for x in beside)
    figures["others_without_421_per_s"] = median(each.without for each in beside)
    figures["others_beside_421_per_s"] = median(each.beside for each in beside)
    ours = [run for name in _OURS for run in runs[name]]
    figures["peak_rss_mb"] = max(run.rss_mb for run in ours)
    return figures


def _ratio(ours: Sequence[Run], theirs: Sequence[Run]) -> float:
    return median(
        one.per_s / other.per_s for one, other in zip(ours, theirs, strict=True)
    )


def _of_ledger(ledger: Sequence[Compared]) -> dict[str, float]:
    return {
        "ledger_ms": median(each.ledger.wall for each in ledger),
        "ledger_cpu_ms": median(each.ledger.cpu for each in ledger),
        "orm_ms": median(each.orm.wall for each in ledger),
        "orm_cpu_ms": median(each.orm.cpu for each in ledger),
        "ledger_vs_orm_wall": median(each.ratios[0] for each in ledger),
        "ledger_vs_orm_cpu": median(each.ratios[1] for each in ledger),
    }
