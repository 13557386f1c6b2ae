"""People we write to: candidates and contacts, their language and their wishes."""
