"""What search reads of a paper, for those stored so far too, and of a listing."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from subscriptions.matching.search.text import search_text

COLUMNS = ("title_words", "abstract_words", "facts")


def fill(apps, schema_editor):
    """By the tokeniser as it is today: a later one needs this done again."""
    papers = apps.get_model("subscriptions", "Paper").objects
    some = []
    for paper in papers.order_by("pk").iterator(chunk_size=500):
        paper.title_words, paper.abstract_words, paper.facts = search_text(paper)
        some.append(paper)
        if len(some) == 500:
            papers.bulk_update(some, COLUMNS)
            some = []
    papers.bulk_update(some, COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="listing",
            name="frozen_upvotes",
            field=models.GeneratedField(
                db_persist=True,
                expression=Cast(
                    KeyTextTransform("upvotes", "frozen"), models.IntegerField()
                ),
                output_field=models.IntegerField(null=True),
            ),
        ),
        migrations.AddField(
            model_name="paper",
            name="facts",
            field=models.TextField(
                blank=True,
                editable=False,
                help_text="authors, categories and code, as search looks them up",
            ),
        ),
        migrations.AddIndex(
            model_name="paper",
            index=models.Index(fields=["id", "day"], name="paper_id_day"),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                fields=["paper", "source", "edition", "frozen_upvotes"],
                name="listing_in_search",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
