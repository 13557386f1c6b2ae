"""Pictures that letters and pages show: written anew by us, under addresses that nobody can guess."""
