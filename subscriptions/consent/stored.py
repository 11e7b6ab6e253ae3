"""All that is stored about a reader, for that reader to keep."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from subscriptions.models import Listing, Paper, Subscriber, Suppression

# What leads to rows that are nobody's own, and which sender has a mail in hand.
_NOT_THEIRS = {"subscriber", "filter", "round", "lease_token", "lease_owner"}

Row = dict[str, Any]


def stored_about(reader_id: int) -> dict[str, Any]:
    """The reader's row, and by the name of each relation the rows that hang on it, the
    oldest first, every field of them; papers by arXiv id and title. `suppression` is
    None, or since when and why nothing goes to the address.

    Raises Subscriber.DoesNotExist.
    """
    reader = Subscriber.objects.get(pk=reader_id)
    found: dict[str, Any] = {"reader": _row(reader), "suppression": None}
    for standing in Suppression.objects.of(reader.email).standing():
        found["suppression"] = {"at": standing.at, "reason": standing.reason}
    for relation in Subscriber._meta.related_objects:
        rows = relation.related_model._default_manager.filter(subscriber=reader)
        found[str(relation.get_accessor_name())] = [
            _row(each) for each in rows.order_by("pk")
        ]
    _name_papers(found["saved_papers"], found["deliveries"])
    return found


def _row(row: Model) -> Row:
    fields = [
        each for each in row._meta.concrete_fields if each.name not in _NOT_THEIRS
    ]
    return {each.name: each.value_from_object(row) for each in fields}


def _name_papers(saved: list[Row], digests: list[Row]) -> None:
    """In place of the numbers of papers and listings."""
    picks = [pick for digest in digests for pick in digest["picks"]]
    again = [line for digest in digests for line in digest["also"]]
    listed = dict(
        Listing.objects.filter(pk__in=[each["listing"] for each in again]).values_list(
            "pk", "paper"
        )
    )
    for line in again:
        line["paper"] = listed.get(line["listing"])
    holders = [*saved, *picks, *again]
    papers = Paper.objects.in_bulk([each["paper"] for each in holders])
    for holder in holders:
        holder.pop("listing", None)
        paper = papers.get(holder["paper"])
        holder["paper"] = paper and {"arxiv_id": paper.arxiv_id, "title": paper.title}
