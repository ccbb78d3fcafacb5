"""The `tasuke` command. JSON on stdout, messages on stderr; exit 0 good, 1 problems found, 2 wrong use."""
