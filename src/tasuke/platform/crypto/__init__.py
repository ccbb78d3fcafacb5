"""Keys and sealed messages, by standards only (JOSE, X.509): no primitive of our own."""
