"""Addresses that get no e-mail, or only what is necessary: found, blocked by hand or from a list, written to again."""
