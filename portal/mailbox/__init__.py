"""The on-screen mailbox: a local SMTP server and what it received, for demonstrations."""
