"""What a 制度 is, as data, and its computation on columns. Pure."""
