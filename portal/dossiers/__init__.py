"""A candidate's file in a campaign: the public form, the list, the page, its status."""
