"""`celery -A tests.platform.workers worker -Q $LISTS_TOPIC` settles lists."""

from app.settings import read_settings
from tests.platform.container import ListsWorker
from workers.application import make_worker

app = make_worker(ListsWorker(read_settings(), application="worker"))
