"""What every room may use and no room owns: refusals, actors, workflows, canonical form, sealing, faults, settings."""
