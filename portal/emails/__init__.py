"""What letters say: templates with their versions and languages, merge fields, the letter layout."""
