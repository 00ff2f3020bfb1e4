"""Gatehouse beside what one would pick instead, and beside what the machine allows, in rounds of one run."""
