"""Primitives under OT and garbling: group, random oracles, PRG, hash of labels, randomness.

Misuse breaks security. Applications use `gc2pc.session`; this package has no compatibility promise.
"""
