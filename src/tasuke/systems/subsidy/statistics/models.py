"""Tables of the area `statistics`."""
