"""From another registry: its listing to a list, its images to a job."""
