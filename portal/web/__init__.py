"""Pages: rendering, forms, lists, rights, errors, security. Knows no feature; only routes and api know it."""
