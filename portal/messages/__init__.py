"""The pages of the register: which messages there are, why, what became of them, and what can be done now."""
