"""Long work: what takes longer than a page, done by a worker, item by item or as a whole."""
