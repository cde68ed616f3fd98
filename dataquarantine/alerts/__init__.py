"""Tells people what the gateway can't mend by itself."""
