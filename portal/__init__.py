"""Convoca: a portal for call campaigns."""

import os

# Piccolo finds its engine and its app through this module.
os.environ.setdefault("PICCOLO_CONF", "portal.piccolo_conf")
