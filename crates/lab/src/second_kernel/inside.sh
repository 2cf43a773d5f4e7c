#!/bin/sh
# Runs in the overlay: modules, loopback, the command; its output and status go to files of the host.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
X=/run/exchange
umount -l /run/old
# What the command writes reaches the host soon, so that it is there should the guest be killed.
echo 20 >/proc/sys/vm/dirty_writeback_centisecs
echo 20 >/proc/sys/vm/dirty_expire_centisecs
# Ends the guest even when nobody watches any more.
(sleep @SECONDS@; echo o >/proc/sysrq-trigger) </dev/null >/dev/null 2>&1 &
# Else every namespace begins with seven tunnels, and takes seconds to make and to remove.
echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net
hostname second-kernel
ip link set lo up
modprobe -a @MODULES@ 2>$X/modules || true
@WRITABLE@
cut -d ' ' -f 1 /proc/uptime >$X/booted
/bin/sh $X/command.sh </dev/null >$X/stdout 2>$X/stderr
echo $? >$X/status
sync
echo o >/proc/sysrq-trigger
sleep 5
