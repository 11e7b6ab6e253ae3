from django.db import migrations, models


def count_rows(apps, schema_editor):
    """Rounds from before have as many rows as compose wrote, but for erased readers."""
    Round = apps.get_model("subscriptions", "Round")
    for each in Round.objects.annotate(n=models.Count("deliveries")):
        Round.objects.filter(pk=each.pk).update(readers_due=each.n)


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0008_returns'),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(choices=[('breaker', 'circuit breaker tripped'), ('check', 'a round does not add up'), ('complete', 'a round is complete')], max_length=16)),
                ('text', models.CharField(blank=True, max_length=600)),
                ('ways', models.JSONField(blank=True, default=list, verbose_name='still owed by')),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(choices=[('operator', 'operator'), ('breaker', 'circuit breaker'), ('window', 'send window')], max_length=16, verbose_name='paused by')),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('lasts', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['-started_at'],
            },
        ),
        migrations.AddField(
            model_name='round',
            name='canary',
            field=models.JSONField(blank=True, default=list, help_text='deliveries that go before all others'),
        ),
        migrations.AddField(
            model_name='round',
            name='canary_until',
            field=models.DateTimeField(blank=True, help_text='the others wait for what comes back until', null=True),
        ),
        migrations.AddField(
            model_name='round',
            name='pace',
            field=models.JSONField(blank=True, default=list, help_text='[instant, how many had been sent by then]'),
        ),
        migrations.AddField(
            model_name='round',
            name='paused_at',
            field=models.DateTimeField(blank=True, help_text='horizons stand still since then', null=True),
        ),
        migrations.AddField(
            model_name='round',
            name='readers_due',
            field=models.PositiveIntegerField(default=0, help_text='rows that compose wrote, whatever became of them'),
        ),
        migrations.AddField(
            model_name='round',
            name='faults',
            field=models.CharField(blank=True, help_text='what does not add up', max_length=300),
        ),
        migrations.AddField(
            model_name='round',
            name='checked_at',
            field=models.DateTimeField(blank=True, help_text='readers without a row were last looked for', null=True),
        ),
        migrations.RunPython(count_rows, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='deliveryevent',
            index=models.Index(fields=['type', 'at'], name='event_by_type'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.UniqueConstraint(condition=models.Q(('lasts', True)), fields=('lasts',), name='one_pause_lasts'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.UniqueConstraint(fields=('by', 'ended_at'), name='each_pause_ends_once'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('lasts', True)), models.Q(('ended_at__isnull', False), ('lasts', False)), _connector='OR'), name='a_pause_lasts_until_it_ended'),
        ),
    ]
