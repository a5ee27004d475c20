"""Garbling: half-gates, input labels, output decoding, as sans-IO protocols.

Misuse breaks security: reusing a delta with a tweak, or a seed with two inputs, reveals them. Applications
use `gc2pc.session`; this package has no compatibility promise.
"""
