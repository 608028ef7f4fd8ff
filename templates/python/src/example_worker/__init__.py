"""A worker for KuFlow."""
