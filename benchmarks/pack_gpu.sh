#!/usr/bin/env bash
# Packs what must travel to a machine that has an NVIDIA GPU, CUDA 13 and a torch for it, but no network: the tree as
# committed, wheels of everything else, and run.sh, which tests and measures there. Needs git, a network and pip here.
#
#   benchmarks/pack_gpu.sh OUT [PYTHON_VERSION] [PART...]
#
# PYTHON_VERSION is that machine's (default 3.12). Parts, all of them unless named: base (torch's own packages are not
# in it), cuda (numba-cuda and its compiler), custatevec (cuquantum-python for CUDA 13), aer (Aer on the GPU with the
# libraries of CUDA 12: nearly 2 GB).
# custatevec and aer own files of one name: run.sh keeps each in an environment of its own.
#
# There:  bash OUT/run.sh test     the tests that need a GPU
#         bash OUT/run.sh bench    the figures, to OUT/results.json
set -euo pipefail
out=${1:?usage: benchmarks/pack_gpu.sh OUT [PYTHON_VERSION] [PART...]}
version=${2:-3.12}
shift $(( $# > 2 ? 2 : $# ))
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(base cuda custatevec aer)
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
platforms=()
for n in _2_39 _2_34 _2_31 _2_28 _2_27 _2_24 _2_17 2014 _2_12 2010 _2_5 1; do
  platforms+=(--platform "manylinux${n}_x86_64")
done

get() {
  local part=$1
  shift
  mkdir -p "$out/wheels/$part"
  python3 -m pip download --quiet --disable-pip-version-check --only-binary=:all: --python-version "$version" \
    --implementation cp "${platforms[@]}" -d "$out/wheels/$part" "$@"
}

pinned() {
  local name
  for name in "$@"; do grep -i "^$name==" "$root/constraints.txt"; done
}

mkdir -p "$out/tree"
git -C "$root" archive HEAD | tar -x -C "$out/tree"
for part in "${parts[@]}"; do
  echo "packing $part" >&2
  case $part in
    base)
      # Without torch and what it brings: that machine has a torch for its own CUDA.
      mapfile -t needed < <(pinned lark matplotlib numba llvmlite numpy pandas pydantic pydantic_core annotated-types \
        typing-inspection typing_extensions pylatexenc qiskit qiskit-machine-learning rustworkx scikit-learn scipy joblib \
        threadpoolctl tqdm typer click rich shellingham pytest pytest-timeout pluggy iniconfig packaging dill stevedore \
        contourpy cycler fonttools kiwisolver pillow pyparsing python-dateutil six Pygments markdown-it-py mdurl \
        annotated-doc pennylane pennylane_lightning scipy-openblas32 autograd autoray cachetools tomlkit diastatic-malt \
        termcolor gast appdirs networkx psutil)
      get base --no-deps "${needed[@]}"
      python3 -m pip wheel --quiet --disable-pip-version-check --no-deps -w "$out/wheels/base" "$root"
      ;;
    cuda) get cuda --no-deps "$(pinned numba-cuda)" "cuda-bindings>=13,<14" "cuda-core>=1,<2" "cuda-pathfinder>=1.4" \
            "nvidia-nvvm==13.0.*" "nvidia-cuda-cccl==13.0.*" "nvidia-nvjitlink==13.0.*" "nvidia-cuda-nvrtc==13.0.*" ;;
    custatevec) get custatevec --no-deps cuquantum-python-cu13==26.9.0 custatevec-cu13==1.15.0 nvmath-python==1.0.0 \
                  cupy-cuda13x==14.2.0 \
                  "cuda-bindings>=13,<14" "cuda-core>=1,<2" "cuda-pathfinder>=1.9" ;;
    aer) get aer --no-deps "$(pinned qiskit-aer-gpu)" custatevec-cu12==1.6.0.post1 cutensornet-cu12==2.5.0 \
           cutensor-cu12==2.8.1 cuquantum-cu12==24.8.0 nvidia-cuda-runtime-cu12==12.9.79 nvidia-cublas-cu12==12.9.3.13 \
           nvidia-cusolver-cu12==11.7.5.82 nvidia-cusparse-cu12==12.5.10.65 nvidia-nvjitlink-cu12==12.9.86 ;;
    *) echo "no part is called $part; there are base, cuda, custatevec and aer" >&2; exit 2 ;;
  esac
done

cat > "$out/run.sh" <<'RUN'
#!/usr/bin/env bash
# test | bench, in environments made here once from wheels/, over the torch that is installed.
set -uo pipefail
case ${1:-} in test | bench) ;; *) echo "usage: run.sh test | bench" >&2; exit 2 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/tree"

environment() {  # NAME PART...: a virtual environment that sees the installed torch; .pth files work in it
  local name=$1 part
  shift
  [ -e "$here/$name/.done" ] && return
  python3 -m venv --system-site-packages "$here/$name"
  for part in "$@"; do
    [ -d "$here/wheels/$part" ] || continue
    "$here/$name/bin/python" -m pip install --quiet --no-index --no-deps --force-reinstall "$here/wheels/$part"/*.whl ||
      exit 1
  done
  touch "$here/$name/.done"
}

environment with-custatevec base cuda custatevec
environment with-aer base cuda aer
export PYTHONPATH=$here/tree
case $1 in
  test)
    status=0
    "$here/with-custatevec/bin/python" -m pytest tests/gpu -m gpu -k "not aer" || status=1
    "$here/with-aer/bin/python" -m pytest tests/gpu -m gpu -k "aer" || status=1
    exit $status
    ;;
  bench)
    "$here/with-aer/bin/python" -m benchmarks.gpu --peers native,aer-gpu --results "$here/results.json" &&
      "$here/with-custatevec/bin/python" -m benchmarks.gpu --results "$here/results.json" \
        --peers native,native-cuda,custatevec,pennylane-cuda,lightning-gpu
    ;;
esac
RUN
du -sh "$out"/wheels/* >&2
