"""One row per message ever intended, and the protocol that neither loses nor repeats one."""
