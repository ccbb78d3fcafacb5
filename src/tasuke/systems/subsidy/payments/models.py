"""Tables of the area `payments`."""
