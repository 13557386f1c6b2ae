"""Who is meant: criteria over people and dossiers, in one implementation for lists, mailings, exports and the API."""
