"""Byte pipes between the two parties: in memory and TCP, with frames, time limits and bounded buffers."""
