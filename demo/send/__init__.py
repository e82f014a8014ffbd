"""Vendors' devices: real sockets that carry the simulated world to the gateways."""
