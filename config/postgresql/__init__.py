"""PostgreSQL as Django has it, which also keeps the plans of what every page asks."""
