"""The only code that speaks SMTP: letters become bytes, bytes leave over warm connections."""
