"""What happens to a record that did not pass."""
