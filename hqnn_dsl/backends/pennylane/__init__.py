"""The backend `pennylane`: devices, gates, a trial, the torch function. `backend` and `devices` are light to import."""
