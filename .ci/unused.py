"""Names that vulture finds no use of, each with who uses it: part of `make check`.

What nobody uses is deleted. A name stands here only while something outside of our Python, or a
name that is put together, uses it.
"""

# Of the driver, which reads it.
_.autocommit  # psycopg2: each statement is a transaction
_._sender  # kafka-python: a test's client has none
_._transaction_manager  # the same

# Called by the library whose class we extend.
_.rebind  # kafka-python: of a future whose batch is split
_.on_partitions_assigned  # kafka-python
_.on_partitions_revoked  # kafka-python
_.service_actions  # socketserver, twice a second
_.daemon_threads  # socketserver
_.log_message  # http.server
_.log_request  # werkzeug
_.do_GET  # http.server
_.do_POST  # http.server
_.protocol_version  # http.server
_.make_connection  # xmlrpc
_.regex  # werkzeug: of a converter of routes
_.part_isolating  # the same
_.mesg_class  # gunicorn: of its parser
_.EdgeWorker  # gunicorn: named by gunicorn.conf.py as a text
_._split_scope  # pytest-xdist
_.teardown  # hypothesis: of a state machine
_.add_headers  # Flask: after each request
_.leave_out_unmatched  # Flask: before each request
_.break_down  # Flask: a route of a test's provider
_.__getattr__  # Python: the public names of lanes
_.__qualname__  # Flask: names an endpoint

# Read by programs from a module of settings.
_.task_default_queue, _.task_routes  # Celery, celeryconfig.py
_.task_ignore_result, _.task_serializer, _.task_publish_retry, _.task_acks_late  # Celery
_.worker_prefetch_multiplier, _.worker_send_task_events  # Celery
_.broker_connection_retry_on_startup, _.broker_transport_options, _.broker_use_ssl  # Celery
_.basic_auth  # Flower
_.errorlog, _.worker_class, _.worker_connections, _.preload_app, _.control_socket  # gunicorn
_.forwarded_allow_ips, _.secure_scheme_headers, _.post_worker_init, _.worker_exit  # gunicorn

# Used by a name that is put together, or read from a list.
_.break_code, _.move_clock, _.rebalance, _.lose_commit_answer  # steps of lanes/testing/steps.py
_.lose_claims, _.lose_task, _.repeat_task  # the same
_.frames_in, _.frames_out, _.bids_received, _.bids_acknowledged, _.bids_unknown  # web/ws/traffic.py
_.redis_operator_password, _.redis_broker_password, _.redis_fanout_password  # stack/credentials.py
_.redis_auth_password, _.kafka_broker_password, _.kafka_operator_password  # the same
_.kafka_bridge_password  # the same
_.proxy_postgresql, _.proxy_redis, _.proxy_mongodb  # ports, by the names of servers

# Tables that are read and written by SQL; Alembic compares the declaration with the database.
_.product_images, _.auction_goods, _.auction_bidders, _.decisions_archive, _.watches
_.room_members, _.lane_versions

# Settings that are only checked: OpenTelemetry reads the environment itself.
_.otel_exporter_otlp_protocol, _.otel_exporter_otlp_traces_protocol

# Fields of frames and answers, which clients read; wire.md names them.
_.subscriptions_max, _.connection_id, _.members_online, _.last_seq
_.email_proved, _.has_password, _.expires_in, _.token_type, _.linked_at, _.last_used_at
_.krw, _.jpy, _.usd, _.eur, _.winner_user
_.key_hex, _.payload_encoding  # of a dead letter
_.degraded, _.dependencies  # of /readyz
_.INVALID_UTF8, _.FORBIDDEN  # codes of CloseCode, as wire.md lists them
