"""What years of digests need: which rounds have been emptied, that a source is silent,
and PostgreSQL's looking after the ledger once a day however long that has become."""

from typing import Any

from django.db import migrations, models

# By its own rule it waits for a fifth of the table to change. After a year that takes a
# month, in which the newest rows, those that are asked for, are counted one by one.
DAILY = """
ALTER TABLE subscriptions_delivery SET (
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.01
)"""
BY_ITS_OWN_RULE = """
ALTER TABLE subscriptions_delivery RESET (
    autovacuum_vacuum_scale_factor,
    autovacuum_vacuum_insert_scale_factor,
    autovacuum_analyze_scale_factor
)"""


def look_after(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DAILY)


def leave_alone(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BY_ITS_OWN_RULE)


class Migration(migrations.Migration):

    dependencies = [
        ("subscriptions", "0013_asking"),
    ]

    operations = [
        migrations.AddField(
            model_name="round",
            name="emptied",
            field=models.BooleanField(default=False, editable=False, help_text="none of its digests says any more what was in it"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(choices=[("breaker", "circuit breaker tripped"), ("check", "a round does not add up"), ("source", "a source brings nothing"), ("complete", "a round is complete")], max_length=16),
        ),
        migrations.RunPython(look_after, leave_alone),
    ]
