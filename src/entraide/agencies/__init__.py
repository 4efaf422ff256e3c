"""Which agencies there are, who verified them, and whose second signature they ask for."""
