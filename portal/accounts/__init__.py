"""People who sign in: accounts, roles and rights, sessions, API keys."""
