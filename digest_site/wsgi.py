"""What gunicorn serves. Refuses to start where readers could not be mailed properly."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")
application = get_wsgi_application()

from subscriptions import checks  # noqa: E402  needs the settings

checks.refuse_to_mail()
