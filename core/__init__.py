"""What every process must agree on: types, keys, time, storage. Imports nothing else of ours."""
