"""What search reads of the papers stored so far, by a tokeniser that has learnt more
plurals and letters: filters are read by it at once, stored words are not."""

from django.db import migrations

from subscriptions.matching.search.text import search_text

COLUMNS = ("title_words", "abstract_words", "facts")


def fill(apps, schema_editor):
    """Only rows that change: on PostgreSQL each is written to a full-text index."""
    papers = apps.get_model("subscriptions", "Paper").objects
    some = []
    for paper in papers.order_by("pk").iterator(chunk_size=500):
        before = [getattr(paper, name) for name in COLUMNS]
        paper.title_words, paper.abstract_words, paper.facts = search_text(paper)
        if before != [getattr(paper, name) for name in COLUMNS]:
            some.append(paper)
        if len(some) == 500:
            papers.bulk_update(some, COLUMNS)
            some = []
    papers.bulk_update(some, COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0011_indexes_of_deliveries")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
