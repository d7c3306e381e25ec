"""Our own API, `/api/v1`, where the vendor has no words."""
