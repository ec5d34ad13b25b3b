#!/usr/bin/env bash
# node.sh FOLDER NAME: a node's first process, PID 1 of namespaces of its own (network, mounts, processes). FOLDER
# holds the configurations that the harness wrote. When it ends, or is killed, everything of the node but its cgroups
# is gone.
set -euo pipefail

node=$1 name=$2
bed=$(cd "$node/../../.." && pwd)
log=$node/../log/$name
export PATH=$bed/packages/usr/bin:$bed/packages/usr/sbin:$bed/bin:$PATH
export LD_LIBRARY_PATH=$bed/packages/usr/lib/x86_64-linux-gnu

mount --make-rshared / # a peer group of our own: pods may ask for mount propagation
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log # a kubelet removes the logs of pods that it does not know: those of other nodes

# The kubelet sets these for the whole machine; here it finds files that hold what it wants.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    [ -e "/proc/sys/${setting%=*}" ] || continue
    copy=$node/sysctl/${setting%=*}
    mkdir -p "$(dirname "$copy")"
    echo "${setting#*=}" >"$copy"
    mount --bind "$copy" "/proc/sys/${setting%=*}"
done
echo 1 >/proc/sys/net/ipv4/ip_forward # of this network namespace

[ -d /sys/fs/cgroup/cpuset ] || { echo "a node of this bed needs the hierarchies of cgroup v1" >&2 && exit 1; }
for hierarchy in cpu cpuacct cpuset memory devices freezer blkio pids systemd; do
    mkdir "/sys/fs/cgroup/$hierarchy/$CGROUP"
done
for file in cpuset.cpus cpuset.mems; do
    cat "/sys/fs/cgroup/cpuset/$file" >"/sys/fs/cgroup/cpuset/$CGROUP/$file"
done

containerd --config "$node/containerd.toml" >"$log-containerd.log" 2>&1 &
until ctr --address "$node/containerd.sock" version >/dev/null 2>&1; do sleep 0.05; done
for image in "$bed"/images/*.tar; do
    ctr --address "$node/containerd.sock" --namespace k8s.io images import "$image" >/dev/null
done
kubelet --config="$node/kubelet.json" --kubeconfig="$node/kubeconfig" --root-dir="$node/kubelet" \
    --cert-dir="$node/kubelet-pki" --hostname-override="$name" --node-ip="$ADDRESS" >"$log-kubelet.log" 2>&1 &
kube-proxy --config="$node/kube-proxy.json" >"$log-kube-proxy.log" 2>&1 &
wait -n
echo "one of containerd, kubelet and kube-proxy ended: see their logs" >&2
exit 1
