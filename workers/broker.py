"""Dramatiq on Valkey: wake-ups only. Whatever is lost, repeated or reordered here loses and repeats no mail.

Messages are JSON. A killed worker's messages come back within 16-46 s (heartbeat 15 s, maintenance at every fifth
command); what guarantees is the rows and the clock's sweep. Nothing is retried here: tries are counted in rows.
"""

from __future__ import annotations

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.encoder import JSONEncoder
from dramatiq.middleware import AgeLimit, AsyncIO, Retries, ShutdownNotifications, TimeLimit

from workers.process import Process

NAMESPACE = "convoca"
HEARTBEAT = 15_000  # milliseconds
MAINTENANCE = 200_000  # of a million commands
LATE = 60_000  # milliseconds after which a wake-up wakes nobody: the sweep has long sent another

process = Process()
broker = RedisBroker(  # type: ignore[no-untyped-call]
    url="unix:///nowhere",  # replaced by connect(), before the first command
    namespace=NAMESPACE,
    heartbeat_timeout=HEARTBEAT,
    maintenance_chance=MAINTENANCE,
    middleware=[
        AgeLimit(max_age=LATE),
        TimeLimit(),
        ShutdownNotifications(),
        Retries(max_retries=0),
        AsyncIO(),
        process,  # after AsyncIO: shutdown runs backwards, so its loop is still there
    ],
)
dramatiq.set_encoder(JSONEncoder())
dramatiq.set_broker(broker)


def connect(redis_url: str) -> None:
    """Say where Valkey is. Connections are opened when they are needed, and again when they broke."""
    broker.client.connection_pool = redis.ConnectionPool.from_url(redis_url)
