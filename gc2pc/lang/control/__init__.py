"""Control flow on secrets: functions are rewritten before they run."""
