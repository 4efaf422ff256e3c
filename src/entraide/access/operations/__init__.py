"""Every way people, roles and keys change."""
