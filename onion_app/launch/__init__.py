"""The launcher: starts, restarts and ends the processes; the only room below `manage` that imports all others.

It promises that keys reach a child over a pipe and in no other way, and that nothing of ours outlives the launcher. It
never reads what people wrote, and it opens no database once everything runs.
"""
