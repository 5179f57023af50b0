"""The sandbox keeps to the service's documentation."""
