"""Colleagues: invited, given roles and campaigns, deactivated; their new passwords."""
