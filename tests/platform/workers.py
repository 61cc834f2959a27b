"""`celery -A tests.platform.workers worker -Q $LISTS_TOPIC` settles lists."""

from app.settings import read_settings
from tests.platform.container import make_container
from workers.application import make_worker

app = make_worker(make_container(read_settings(), application="worker"))
