"""Who is there, what they may do, and how they prove it: people, roles, passkeys, sign-in, signed acts."""
