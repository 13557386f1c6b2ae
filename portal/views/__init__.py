"""Saved views of lists: filters, order and columns under a name, one's own or shared."""
