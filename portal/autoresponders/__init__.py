"""Automatic follow-ups (Z30): e-mails that follow by themselves a form, a status, a date."""
