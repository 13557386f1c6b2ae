"""Which e-mail goes by itself, when, to whom: rules planned the same way for preview and sending."""
