#!/bin/sh
# Started by `vrrp_notify_fifo_script` with the FIFO as its last word. Reads lines such as
#   INSTANCE "VI_1" MASTER 150
for fifo; do :; done
while read -r kind name state priority; do
    logger --tag keepalived-fifo -- "$kind $name is $state now, with priority $priority"
done < "$fifo"
