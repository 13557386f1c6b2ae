"""What the `portal` command does. Features are imported inside the functions: `portal --help` answers at once."""
