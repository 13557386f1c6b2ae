"""A call with its dates, statuses, questions and team."""
