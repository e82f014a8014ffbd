"""The simulated world: pure functions of (seed, time); the same instant always gives the same world."""
