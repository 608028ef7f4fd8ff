"""The infrastructure of this worker. You can edit it."""
