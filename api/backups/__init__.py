"""Copies of the whole database that prove themselves: taken, checked, and put in the place of what was lost."""
