"""Claims of providers: matched to entitlements, recomputed, decided."""
