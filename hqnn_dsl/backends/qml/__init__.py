"""What `backend pennylane` is made of: devices, gates, and the torch function. Only `devices` is light to import."""
