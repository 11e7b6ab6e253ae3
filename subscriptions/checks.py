"""What must be set before this service may mail anybody."""
