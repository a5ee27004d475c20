"""The `gc2pc` command: parsing and printing, no logic."""
