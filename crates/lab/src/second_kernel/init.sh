#!/bin/sh
# First process of the guest: puts an overlay in guest memory over the host's root, and goes there. @EXCHANGE@ is the
# host directory that the guest shares with the lab.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
give_up() {
    echo "second kernel: $*"
    echo o >/proc/sysrq-trigger
    sleep 5
}
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run || give_up "no tmpfs"
mkdir -p /run/o/upper /run/o/work /run/o/root
insmod "/usr/lib/uml/modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko"
R=/run/o/root
mount -t overlay overlay -o lowerdir=/,upperdir=/run/o/upper,workdir=/run/o/work $R || give_up "no overlay"
mount -t proc proc $R/proc
mount -t sysfs sysfs $R/sys
mount -t devtmpfs devtmpfs $R/dev || give_up "no devtmpfs"
mkdir -p $R/dev/pts $R/dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts $R/dev/pts
ln -sf pts/ptmx $R/dev/ptmx
ln -sfn /proc/self/fd $R/dev/fd
ln -sf fd/0 $R/dev/stdin
ln -sf fd/1 $R/dev/stdout
ln -sf fd/2 $R/dev/stderr
mount -t tmpfs -o mode=1777 tmpfs $R/dev/shm
mount -t tmpfs -o mode=755 tmpfs $R/run
mkdir -p $R/run/lock $R/run/netns $R/run/exchange $R/lib/modules
mount -t hostfs none $R/run/exchange -o @EXCHANGE@ || give_up "no exchange directory"
mount --bind /usr/lib/uml/modules $R/lib/modules
mkdir -p $R/run/old
cd $R && pivot_root . run/old || give_up "pivot_root failed"
exec chroot . /bin/sh /run/exchange/inside.sh </dev/console >/dev/console 2>&1
