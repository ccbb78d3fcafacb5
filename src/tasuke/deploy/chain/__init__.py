"""The number chain put together: who may ask whom, by which way, what runs again and again, and how it is founded."""
