"""Who we are: name, brand, senders, defaults."""
