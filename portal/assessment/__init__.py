"""Assessment: who evaluates which dossier, notes, criteria and scores."""
