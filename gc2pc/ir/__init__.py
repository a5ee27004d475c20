"""Circuits: graph, passes, schedule, frozen form, and evaluation in the clear. Imports only kernels."""
