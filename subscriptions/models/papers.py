"""Papers, and who listed them when."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import models
from django.db.models import Exists, Max, OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.urls import reverse


class Source(models.TextChoices):
    HF = "hf", "Hugging Face"
    ARXIV = "arxiv", "arXiv"
    SAMPLE = "sample", "Sample"


def settles_at(source: str, day: date) -> datetime:
    """When the list of `source` for `day` is expected to be whole (aware)."""
    clock = settings.HF_SETTLES if source == Source.HF else settings.ARXIV_SETTLES
    settled: datetime = clock.on(day)
    return settled


@dataclass(frozen=True, slots=True)
class Card:
    """What a mail or a page shows of a listed paper, frozen when its edition is out.

    `authors` in the paper's order, `categories` with the primary one first, `day` the
    paper's own date (v1), `upvotes` and `comments` 0 where the source has none, links
    "" where there is none.
    """

    arxiv_id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    day: date | None
    upvotes: int
    comments: int
    code_url: str
    project_url: str
    summary: str
    note: str

    def __hash__(self) -> int:
        return hash(self.arxiv_id)  # cards are looked up a dozen times for every digest

    @property
    def abstract_url(self) -> str:
        """The paper's page at arXiv, which outlives this server."""
        return f"https://arxiv.org/abs/{quote(self.arxiv_id)}"

    @property
    def pdf_url(self) -> str:
        return f"https://arxiv.org/pdf/{quote(self.arxiv_id)}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"day": self.day and self.day.isoformat()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Card:
        return cls(
            **stored
            | {
                "authors": tuple(stored["authors"]),
                "categories": tuple(stored["categories"]),
                "day": date.fromisoformat(stored["day"]) if stored["day"] else None,
            }
        )


class PaperQuerySet(models.QuerySet["Paper"]):
    def shown(self) -> PaperQuerySet:
        """Those a reader may see: without the papers only the samples list, once there
        is something else (rounds.md 7)."""
        listings = Listing.objects.filter(paper=OuterRef("pk"))
        sample = Q(Exists(listings.filter(source=Source.SAMPLE)))
        other = Q(Exists(listings.exclude(source=Source.SAMPLE)))
        return self.exclude(sample & ~other & Edition.objects.is_any_real())


class Paper(models.Model):
    """One work, whatever source it came from; the newest that is known of it."""

    arxiv_id = models.CharField(
        "arXiv id", max_length=32, unique=True, help_text="without version"
    )
    title = models.TextField()
    abstract = models.TextField(blank=True)
    authors = models.JSONField(default=list, help_text="names, in the paper's order")
    categories = models.JSONField(
        default=list, blank=True, help_text="primary category first"
    )
    day = models.DateField(
        "submitted on", null=True, blank=True, help_text="day of its first version"
    )
    note = models.TextField("arXiv comment", blank=True)
    upvotes = models.PositiveIntegerField(default=0)
    comments = models.PositiveIntegerField(default=0)
    code_url = models.URLField(max_length=500, blank=True)
    project_url = models.URLField(max_length=500, blank=True)
    organisation = models.CharField(max_length=200, blank=True)
    submitter = models.CharField(
        max_length=200, blank=True, help_text="who submitted it to the source's list"
    )
    summary = models.TextField(blank=True, help_text="one sentence, machine-written")
    keywords = models.JSONField(default=list, blank=True)
    as_of = models.JSONField(
        default=dict,
        editable=False,
        help_text="per source the day its values are of; older ones do not overwrite",
    )
    title_words = models.TextField(blank=True, editable=False)
    abstract_words = models.TextField(blank=True, editable=False)
    facts = models.TextField(
        blank=True,
        editable=False,
        help_text="authors, categories and code, as search looks them up",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "arxiv_id"]
        indexes = [
            models.Index(fields=["-day"], name="paper_by_day"),
            # So that search sorts what it found without reading the papers.
            models.Index(fields=["id", "day"], name="paper_id_day"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("paper", args=[self.arxiv_id])

    @property
    def abstract_url(self) -> str:
        return self.card().abstract_url

    @property
    def pdf_url(self) -> str:
        return self.card().pdf_url

    def card(self) -> Card:
        return Card(
            arxiv_id=self.arxiv_id,
            title=self.title,
            abstract=self.abstract,
            authors=tuple(self.authors),
            categories=tuple(self.categories),
            day=self.day,
            upvotes=self.upvotes,
            comments=self.comments,
            code_url=self.code_url,
            project_url=self.project_url,
            summary=self.summary,
            note=self.note,
        )


class EditionQuerySet(models.QuerySet["Edition"]):
    def published(self) -> EditionQuerySet:
        return self.filter(state=Edition.State.PUBLISHED)

    def open(self) -> EditionQuerySet:
        return self.filter(state=Edition.State.OPEN)

    def real(self) -> EditionQuerySet:
        """All but samples, which are shown only while there is nothing else."""
        return self.exclude(source=Source.SAMPLE)

    def is_any_real(self) -> Q:
        """Rule 7's question, asked within the query of whoever shows samples."""
        return Q(Exists(self.real()))

    def shown(self) -> EditionQuerySet:
        """Without samples, once there is something else (rounds.md 7)."""
        sample = Q(source=Source.SAMPLE)
        return self.exclude(sample & Edition.objects.is_any_real())

    def newest_days(self, until: date | None = None) -> dict[str, date]:
        """Per source the day of its newest published edition with day <= `until`."""
        rows = self.published()
        if until is not None:
            rows = rows.filter(day__lte=until)
        return dict(rows.values_list("source").annotate(Max("day")).order_by())


class Edition(models.Model):
    """What one source listed on one day; open while it grows, published once."""

    class State(models.TextChoices):
        OPEN = "open"
        PUBLISHED = "published"

    source = models.CharField(max_length=16, choices=Source.choices)
    day = models.DateField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    papers = models.PositiveIntegerField(default=0, help_text="how many it lists")
    partial = models.BooleanField(
        default=False, help_text="published although its source had not settled"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "day"], name="one_edition_per_source_and_day"
            ),
            models.CheckConstraint(
                condition=Q(state="open", published_at=None)
                | Q(state="published", published_at__isnull=False),
                name="edition_published_at_iff_published",
            ),
        ]

    def __str__(self) -> str:
        source = self.get_source_display()
        return f"{source}, {self.day:%a} {self.day.day} {self.day:%B %Y}"

    def get_absolute_url(self) -> str:
        return f"{reverse('day', args=[self.day])}?source={self.source}"


class ListingQuerySet(models.QuerySet["Listing"]):
    def shown(self) -> ListingQuerySet:
        """Without samples, once there is something else (rounds.md 7)."""
        sample = Q(source=Source.SAMPLE)
        return self.exclude(sample & Edition.objects.is_any_real())


class Listing(models.Model):
    """A paper in an edition. Without an edition: too old to be mailed (backfilled).

    `listed_on` is the day the source gave; `card` is empty until publication.
    """

    paper = models.ForeignKey(Paper, models.CASCADE, related_name="listings")
    source = models.CharField(max_length=16, choices=Source.choices)
    edition = models.ForeignKey(
        Edition, models.PROTECT, related_name="listings", null=True, blank=True
    )
    listed_on = models.DateField()
    position = models.PositiveIntegerField(default=0)
    frozen = models.JSONField(null=True, blank=True, editable=False)
    # The count alone, for search: the card is a hundred times as long.
    frozen_upvotes = models.GeneratedField(
        expression=Cast(KT("frozen__upvotes"), models.IntegerField()),
        output_field=models.IntegerField(null=True),
        db_persist=True,
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        ordering = ["-listed_on", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["paper", "source"], name="a_source_lists_a_paper_once"
            )
        ]
        indexes = [
            models.Index(fields=["source", "listed_on"], name="listing_by_day"),
            # All that search asks of a listing, without its card.
            models.Index(
                fields=["paper", "source", "edition", "frozen_upvotes"],
                name="listing_in_search",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.paper_id} in {self.source} of {self.listed_on}"

    @property
    def card(self) -> Card:
        """As published; while the edition is open, as it would be now."""
        return Card.from_json(self.frozen) if self.frozen else self.paper.card()


class SourceRun(models.Model):
    """One attempt to get one day of one source, and what came of it.

    `seen` distinct ids offered, `new` papers created, `updated` existing papers of
    which a stored value changed, `rejected` unusable items, `listed` listings made.
    """

    class State(models.TextChoices):
        FRESH = "fresh"
        QUIET = "quiet", "quiet (nothing announced)"
        STALE = "stale", "stale (all of it was listed before)"
        PARTIAL = "partial"
        DOWN = "down"

    source = models.CharField(max_length=16, choices=Source.choices)
    day = models.DateField(null=True, blank=True, help_text="empty: of no day")
    attempt = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State.choices)
    seen = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(default=0)
    complete = models.BooleanField(
        default=True, help_text="all of the list was heard, unusable items included"
    )
    reason = models.TextField(
        blank=True, help_text="what went wrong or was left out, in plain words"
    )
    origin = models.CharField(max_length=300, blank=True, help_text="address or file")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ["-finished_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "day", "attempt"], name="one_run_per_attempt"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.day}, attempt {self.attempt}: {self.state}"
