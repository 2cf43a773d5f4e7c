#!/bin/sh
# Called by `notify` with INSTANCE or GROUP, its name, the new state and the priority, behind the words of the
# configuration. The scripts of one instance run one after the other: a slow one delays the next, and nothing else.
logger --tag keepalived-notify -- "$*"
