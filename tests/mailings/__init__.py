"""Mailings: their drafts, plans, launches and what becomes of them."""
