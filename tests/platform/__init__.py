"""A second user of the task platform: lists, each of which grows by one text a record.

    python -m tests.platform.bridge topics | ingest relay clock
    celery -A tests.platform.workers worker -Q $LISTS_TOPIC -P solo

run bridge and workers with it, and with nothing of the auction house. `lists` is all the platform
is told; `cluster` runs the processes for a test and looks at what they did.
"""
