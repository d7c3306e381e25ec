"""AlertSite Management API v3: the vendor's names, types and errors, and nowhere else."""
