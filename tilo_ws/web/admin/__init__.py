"""The dashboard at `/admin`."""
