"""Beat's timetable, in UTC. Every bell asks the database what is due.

`expires`: a bell nobody answered in time is dropped; the next one asks the same.
"""

from celery.schedules import crontab

TIMETABLE = {
    "ingest what the sources list": {
        "task": "subscriptions.tasks.ingest",
        "schedule": crontab(minute="*/20"),
        "options": {"expires": 1200},
    },
    "publish what has settled, compose what is due, send": {
        "task": "subscriptions.tasks.tick",
        "schedule": crontab(),
        "options": {"expires": 55},
    },
    "take what came back, and weigh it": {
        "task": "subscriptions.tasks.take_returns",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 240},
    },
    "forget what has had its time": {
        "task": "subscriptions.tasks.forget",
        "schedule": crontab(minute=17),
        "options": {"expires": 3600},
    },
    "write the letters that time brings": {
        "task": "subscriptions.tasks.remind",
        "schedule": crontab(minute=37),
        "options": {"expires": 3600},
    },
}
