"""Tables of a municipality: `tenant_<number>.sql` is run in order, in each municipality's schema."""
