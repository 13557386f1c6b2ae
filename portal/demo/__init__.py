"""Plausible data in four languages, made through the application's own actions."""
