"""What is being sent right now: the page *Sending* and the figures for Prometheus."""
