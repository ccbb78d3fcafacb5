"""Statistics: scheme × age band × ward × month × care kind × funding."""
