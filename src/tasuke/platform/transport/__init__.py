"""Between systems: tokens, HTTP and files, messages that must arrive once, and what could not be delivered."""
