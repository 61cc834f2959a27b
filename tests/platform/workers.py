"""`celery -A tests.platform.workers worker -Q $LISTS_TOPIC` settles lists."""

from app.settings import read_settings
from tests.platform.container import ListsWorker
from workers.application import make_worker
from workers.tasks.settling import register_settling

container = ListsWorker(read_settings(), application="worker")
app = make_worker(container)
register_settling(app, container)
