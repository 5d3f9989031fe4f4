#!/usr/bin/env bash
# Spark's GPU discovery: prints {"name": "gpu", "addresses": ["0", "1"]} for this host or container.
#   spark.worker.resource.gpu.discoveryScript   (standalone workers)
#   spark.executor.resource.gpu.discoveryScript (YARN, Kubernetes)
# Where CUDA_VISIBLE_DEVICES limits the process, CUDA numbers what is left from 0, and so do we.
set -euo pipefail

if [[ -n "${CUDA_VISIBLE_DEVICES+set}" ]]; then
  # CUDA stops reading at the first entry that names no card.
  count=0
  IFS=',' read -r -a devices <<< "$CUDA_VISIBLE_DEVICES"
  for device in ${devices[@]+"${devices[@]}"}; do
    device="${device//[[:space:]]/}"
    [[ -n "$device" && "$device" != -* ]] || break
    count=$((count + 1))
  done
elif command -v nvidia-smi > /dev/null; then
  count="$(nvidia-smi --query-gpu=index --format=csv,noheader | wc -l)"
else
  echo "Error: no nvidia-smi on this host" >&2
  exit 1
fi

addresses=""
for ((index = 0; index < count; index++)); do
  addresses+="${addresses:+, }\"$index\""
done
printf '{"name": "gpu", "addresses": [%s]}\n' "$addresses"
