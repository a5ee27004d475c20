"""Oblivious transfer as sans-IO generators: base OT, direct correlated OT, and the SoftSpoken extension.

Misuse breaks security. `gc2pc.ot.cot` is what protocols use; this package has no compatibility promise.
"""
