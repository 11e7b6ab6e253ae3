"""The reader's domain, the ledger's epoch, and an index of what is leased."""

import uuid

from django.db import migrations, models

from subscriptions.models.readers import domain_of


def fill_domains(apps, schema_editor):
    """Each reader's domain from the address; by slices, as there may be a million."""
    readers = apps.get_model("subscriptions", "Subscriber").objects
    last = 0
    while True:
        rows = readers.filter(pk__gt=last).order_by("pk").only("pk", "email")[:5000]
        found = list(rows)
        if not found:
            return
        for reader in found:
            reader.domain = domain_of(reader.email)
        readers.bulk_update(found, ["domain"], batch_size=500)
        last = found[-1].pk


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0006_digest_as_composed")]

    operations = [
        migrations.CreateModel(
            name="LedgerEpoch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("ledger", models.UUIDField(default=uuid.uuid4)),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="there_is_one_ledger"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="subscriber",
            name="domain",
            field=models.CharField(blank=True, editable=False, max_length=254),
        ),
        *(
            migrations.AddIndex(
                model_name="delivery",
                index=models.Index(
                    models.F(field), condition=models.Q(condition), name=name
                ),
            )
            for field, condition, name in (
                ("id", ("state", "pending"), "delivery_pending"),
                ("crashes", ("crashes__gt", 0), "delivery_crashed"),
                ("leased_until", ("state", "leased"), "delivery_leased"),
            )
        ),
        migrations.RunPython(fill_domains, migrations.RunPython.noop),
    ]
