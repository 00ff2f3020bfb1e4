"""The peers, each a side: what one would pick instead."""
