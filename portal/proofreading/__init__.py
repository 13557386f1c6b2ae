"""Letters read before they leave: over the people who will get them, and again after a correction."""
