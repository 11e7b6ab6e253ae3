"""What is counted of questions to confirm is a network and a domain too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0012_search_text_again")]

    operations = [
        migrations.RenameModel("AskedAddress", "Asking"),
        migrations.RenameField("Asking", "address_hash", "key_hash"),
        migrations.AlterField(
            "Asking",
            "times",
            models.JSONField(
                default=list, help_text="as far as they count, ISO 8601"
            ),
        ),
    ]
