"""The audit log: everything that was recorded, searched and exported, with proof that nobody has changed it."""
