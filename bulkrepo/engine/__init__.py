"""What sends many requests at once: retries, rate, outages, stops."""
