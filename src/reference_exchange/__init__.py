"""The reference exchange: a small exchange's back office behind the contract that Entraide asks of every exchange.

A program of its own with its own database.  It shares no code with Entraide, only the published contract, so that the
two sides cannot agree by sharing a mistake.  Everybody in it is made up.
"""
