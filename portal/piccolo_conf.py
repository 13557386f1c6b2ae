"""What Piccolo looks for: the engine and the one app."""

from __future__ import annotations

from piccolo.conf.apps import AppRegistry

from portal.db import engine

DB = engine
APP_REGISTRY = AppRegistry(apps=["portal.piccolo_app"])
