"""Beat's timetable, in UTC. Every bell asks the database what is due.

A bell that nobody answered in time is dropped (`expires` of the task); the next one
asks the same.
"""

from celery.schedules import crontab

TIMETABLE = {
    "ingest what the sources list": {
        "task": "subscriptions.tasks.ingest",
        "schedule": crontab(minute="*/20"),
    },
    "publish what has settled, compose what is due, send": {
        "task": "subscriptions.tasks.tick",
        "schedule": crontab(),
    },
    "take what came back, and weigh it": {
        "task": "subscriptions.tasks.take_returns",
        "schedule": crontab(minute="*/5"),
    },
    "forget what has had its time": {
        "task": "subscriptions.tasks.forget",
        "schedule": crontab(minute=17),
    },
    "write the letters that time brings": {
        "task": "subscriptions.tasks.remind",
        "schedule": crontab(minute=37),
    },
}
