"""How much of everything a rate needs, from what was measured."""
