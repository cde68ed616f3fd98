"""What the gateway tells people by itself."""
