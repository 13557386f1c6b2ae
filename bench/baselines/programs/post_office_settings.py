"""A Django project with django-post_office and nothing else. It runs in the environment of `.bench`."""

from __future__ import annotations

import json
import os

SECRET_KEY = "of a project that serves no page"
INSTALLED_APPS = ["django.contrib.contenttypes", "post_office"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", **json.loads(os.environ["BENCH_DATABASE"])}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
USE_TZ = True
EMAIL_BACKEND = "post_office.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["BENCH_PORT"])
POST_OFFICE = {"BATCH_SIZE": int(os.environ["BENCH_BATCH"])}
