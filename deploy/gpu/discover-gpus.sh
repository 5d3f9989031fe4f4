#!/usr/bin/env bash
# Spark's GPU discovery: prints {"name": "gpu", "addresses": ["0", "1"]} for this host or container.
#   spark.worker.resource.gpu.discoveryScript   (standalone workers)
#   spark.executor.resource.gpu.discoveryScript (YARN, Kubernetes)
# Where CUDA_VISIBLE_DEVICES limits the process, CUDA numbers what is left from 0, and so do we.
set -euo pipefail

if [[ -n "${CUDA_VISIBLE_DEVICES+set}" ]]; then
  if [[ -z "$CUDA_VISIBLE_DEVICES" || "$CUDA_VISIBLE_DEVICES" == -1 ]]; then
    count=0
  else
    IFS=',' read -r -a devices <<< "$CUDA_VISIBLE_DEVICES"
    count="${#devices[@]}"
  fi
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
