"""Tables of the area `claims`."""
