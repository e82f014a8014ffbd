"""Running the product on one machine: logs, embedded Redis, supervisor, the check command."""
