"""Pages: rendering, forms, lists, rights, errors, security. Knows no feature; features know it only in routes and api."""
