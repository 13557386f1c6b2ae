"""Mass e-mail: to exactly the right people, now or on a schedule, with nothing to fear."""
