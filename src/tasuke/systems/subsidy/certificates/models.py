"""Tables of the area `certificates`."""
