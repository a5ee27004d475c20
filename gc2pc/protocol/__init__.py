"""The two-party protocol: hello, run header, garbler and evaluator, as sans-IO generators.

Misuse breaks security. Applications use `gc2pc.session`; this package has no compatibility promise.
"""
