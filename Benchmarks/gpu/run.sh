#!/bin/sh
# On a machine with an NVIDIA card: whether its numbers are those of the processor, then how fast it is, and PyTorch
# beside it where there is one. Nothing is fetched.
#
#     Benchmarks/gpu/run.sh [cuda:1]
#
# Without Swift there, build it elsewhere first and carry .build/gpu along with this folder and Tests/Golden/models:
#
#     Benchmarks/gpu/run.sh --build
set -e
cd "$(dirname "$0")/../.."
program=.build/gpu/GPUBenchmarks
if [ "$1" = --build ] || [ ! -x "$program" ]; then
    swift build -c release --product GPUBenchmarks --static-swift-stdlib
    mkdir -p .build/gpu
    cp "$(swift build -c release --show-bin-path)/GPUBenchmarks" "$program"
    strip "$program"
    # What a bare machine may lack of what it is linked with.
    for library in libopenblas.so.0 libnettle.so.8 libgfortran.so.5 libquadmath.so.0; do
        path="$(ldconfig -p | awk -v name="$library" '$1 == name { print $NF; exit }')"
        if [ -n "$path" ]; then cp -L "$path" .build/gpu/; fi
    done
    if [ "$1" = --build ]; then exit 0; fi
fi
nvidia-smi --query-gpu=name,driver_version,memory.used,memory.total --format=csv,noheader 2>/dev/null || true
status=0
for precision in f32 tf32 bf16; do
    LD_LIBRARY_PATH=".build/gpu:$LD_LIBRARY_PATH" "$program" "$@" $precision Tests/Golden/models || status=1
done
if python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
    python3 Benchmarks/gpu/peer.py bf16
    python3 Benchmarks/gpu/peer.py tf32
fi
exit $status
