"""Below WSGI: how gunicorn's gevent worker reads requests, and what it refuses before routing."""
