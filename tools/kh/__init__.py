"""What the command ./kh is made of; only the standard library is needed to start it."""
