"""`celery -A tests.platform.workers worker -Q $LISTS_TOPIC` settles lists."""

from app.settings import read_settings
from tests.platform.container import ListsWorker
from workers.application import make_application, use_containers
from workers.tasks.bids import register_settling

settings = read_settings()
app = make_application(settings)
container = ListsWorker(settings, application="worker")
container.celery = app
use_containers(settings, [container])
register_settling(app, container)
