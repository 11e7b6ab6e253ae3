from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    verbose_name = "Paper Round"

    def ready(self) -> None:
        from . import checks  # noqa: F401  registers the start-up checks
