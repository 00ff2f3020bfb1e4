"""Sign-in and tokens in FastAPI: what a team would write that builds this for itself. A peer of the benchmarks."""
