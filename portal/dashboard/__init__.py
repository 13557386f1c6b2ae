"""One page: what needs you, today's sends, the campaigns."""
