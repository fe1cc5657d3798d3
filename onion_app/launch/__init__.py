"""The launcher: starts, restarts and ends the processes; below `manage` the only room that imports the others.

It promises that keys reach a child over a pipe and in no other way, and that nothing of ours outlives the launcher. It
never reads what people wrote, and it opens no database once everything runs.
"""
