"""Words of other libraries for settings, layers, blocks and functions, and the words for them in this language.

Looked up before any name that only looks alike is suggested: `rmse` is not a misspelt `mse`, nor `gpu` one of
`cpu`. Spellings are compared without case, underscores and dots. Gates have a table of their own in
`circuit/foreign_gates.py`.
"""

from __future__ import annotations

_SAME = {
    # losses
    "l1": "mae", "l1loss": "mae", "meanabsoluteerror": "mae", "l2": "mse", "l2loss": "mse", "meansquarederror": "mse",
    "mseloss": "mse", "huberloss": "huber", "smoothl1loss": "smooth_l1", "logcosh": "log_cosh",
    **dict.fromkeys((
        "bce", "bceloss", "bcewithlogits", "bcewithlogitsloss", "binarycrossentropy", "categoricalcrossentropy",
        "crossentropy", "crossentropyloss", "logloss", "nll", "nllloss", "sparsecategoricalcrossentropy",
    ), "cross_entropy"),
    **dict.fromkeys(("gaussiannll", "gaussiannllloss"), "gaussian"), "focalloss": "focal",
    **dict.fromkeys(("pinball", "pinballloss", "quantileloss"), "quantile"),
    # optimizers, and their options
    "gradientdescent": "sgd", "learningrate": "lr", "eta": "lr", "alr": "lr", "quantumlearningrate": "quantum_lr",
    "wd": "weight_decay", "decay": "weight_decay", "l2regularization": "weight_decay", "epsilon": "eps", "rho": "alpha",
    # schedulers, stops, and their options
    "plateau": "reduce_on_plateau", "reducelronplateau": "reduce_on_plateau", "cosineannealing": "cosine",
    "cosineannealinglr": "cosine", "steplr": "step", "exponentiallr": "exponential", "constant": "none",
    "gamma": "factor",
    "stepsize": "every", "etamin": "min_lr", "minimumlr": "min_lr", "warmupepochs": "warmup", "earlystopping": "early",
    "mindelta": "min_delta",
    # layers, and their options
    "linear": "dense", "fc": "dense", "fullyconnected": "dense", "affine": "dense", "swish": "silu", "sine": "sin",
    "layernorm": "layer_norm", "batchnorm": "batch_norm", "batchnorm1d": "batch_norm", "leakyrelu": "leaky_relu",
    "logistic": "sigmoid", "negativeslope": "slope", "outfeatures": "width", "units": "width", "numoutputs": "width",
    "elementwiseaffine": "affine", "rate": "p",
    **dict.fromkeys(("fourierfeatures", "randomfourierfeatures", "rff", "rbfsampler"), "fourier"),
    # backends, and their options
    "aersimulator": "aer", "qiskitaer": "aer", "cuquantum": "custatevec",
    "qml": "pennylane", "estimatorqnn": "estimator_qnn", "numshots": "shots", "diffmethod": "diff", "float32": "single",
    "fp32": "single", "complex64": "single", "float64": "double", "fp64": "double",
    "complex128": "double", "fp16": "mixed", "amp": "mixed", "half": "mixed", "bf16": "mixed", "bfloat16": "mixed",
    "mps": "matrix_product_state", "density": "density_matrix",
    # settings
    "batchsize": "batch", "numepochs": "epochs", "maxepochs": "epochs", "criterion": "loss", "objective": "loss",
    "lrscheduler": "scheduler", "gradientclip": "clip", "clipgradnorm": "clip",
    "randomseed": "seed", "randomstate": "seed", "couplingmap": "coupling", "basisgates": "basis",
    "optimizationlevel": "optimization", "labels": "target", "val": "validation", "label": "target",
    "classweight": "class_weights", "sampleweight": "weights", "sampleweights": "weights",
    # how weights start, and starting values
    "gaussian": "normal", "fill": "constant",
    # columns of tables
    **dict.fromkeys(("standardscaler", "zscore", "standardize", "normalize", "standardise"), "standard"),
    "minmaxscaler": "min_max", "robustscaler": "robust", "quantiletransformer": "quantile",
    **dict.fromkeys(("powertransformer", "yeojohnson", "boxcox"), "power"),
    **dict.fromkeys(("onehotencoder", "dummies", "getdummies", "dummy"), "one_hot"),
    **dict.fromkeys(("ordinalencoder", "labelencoder", "labelencoding"), "ordinal"), "entityembedding": "embedding",
    **dict.fromkeys(("drop", "dropna", "remove", "skip", "ignore"), "drop_rows"), "mode": "most_frequent",
    **dict.fromkeys(("average", "avg"), "mean"), **dict.fromkeys(("error", "raise", "fail", "strict"), "refuse"),
    **dict.fromkeys(("numeric", "numerical", "float", "integer"), "number"),
    **dict.fromkeys(("categorical", "string", "text", "nominal", "factor"), "category"),
    **dict.fromkeys(("datetime", "timestamp"), "date"), "dayofweek": "weekday",
    **dict.fromkeys(("sep", "separator", "delim"), "delimiter"), "decimalpoint": "decimal", "charset": "encoding",
    **dict.fromkeys(("navalues", "nanvalues", "nullvalues", "na", "nan"), "missing"),
    "thousandsseparator": "thousands", "commentchar": "comment",
    **dict.fromkeys(("groupkfold", "groupshufflesplit", "grouped", "groups", "groupby"), "group"),
    **dict.fromkeys(("chronological", "timeseries", "timeseriessplit", "temporal"), "time"),
    **dict.fromkeys(("shuffle", "shufflesplit", "shuffled"), "random"), "stratify": "stratified",
    **dict.fromkeys(("classify", "classifier", "classes", "class", "binary", "multiclass"), "classification"),
    **dict.fromkeys(("regress", "regressor", "regressing"), "regression"),
    **dict.fromkeys(("splitconformal", "crossconformal"), "conformal"), "alpha": "level", "coverage": "level",
    # blocks, and their arguments
    "angleembedding": "angle(axis: x)", "amplitudeembedding": "amplitude", "amplitudeencoding": "amplitude",
    "rawfeaturevector": "amplitude", "iqpembedding": "iqp", "zfeaturemap": "z", "zzfeaturemap": "zz",
    "paulifeaturemap": "pauli", "basisembedding": "basis", "efficientsu2": "efficient_su2",
    "nlocal": "two_local(entanglement: full)", "twolocal": "two_local(entanglement: full)",
    "basicentanglerlayers": "basic_entangler", "stronglyentanglinglayers": "strongly_entangling",
    "layers": "reps", "numlayers": "reps", "nlayers": "reps", "repetitions": "reps", "nrepeats": "reps",
    "depth": "reps",
    "rotationblocks": "rotation", "rotationgates": "rotation", "entanglementblocks": "entangler",
    "entanglementgates": "entangler", "entanglergates": "entangler", "entanglermap": "entanglement",
    "pattern": "entanglement",
    "alltoall": "full", "nearestneighbor": "linear", "nearestneighbour": "linear", "line": "linear", "ladder": "linear",
    "cyclic": "circular", "circle": "circular",
    # functions
    "arccos": "acos", "arcsin": "asin", "arctan": "atan", "ln": "log", "logn": "log", "ceiling": "ceil",
    "absolute": "abs", "fabs": "abs", "length": "len",
}  # fmt: skip
"""Words of other libraries that have one meaning, with the word here."""

_SEVERAL = {
    "zero": ("zeros", "constant(0)"), "value": ("constant",),
    "gpu": ("cuda", "gpu"), "cuda": ("cuda", "gpu"), "ring": ("ring", "circular"), "circular": ("circular", "ring"),
    "chain": ("linear",), "all": ("full",),
}  # fmt: skip
"""Words whose meaning depends on the words that may stand instead of them."""

_OTHER_WORDS = (
    # losses
    "rmse rmsle msle mape smape kldiv hinge poisson r2 "
    # optimizers
    "adamax adagrad adadelta adan adabelief amsgrad lamb lars lion lbfgs bfgs asgd sgdw rprop sparseadam spsa qnspsa "
    "qng cobyla rotosolve neldermead muon adafactor ftrl "
    # options of optimizers
    "dampening betas "
    # schedulers
    "multistep multisteplr cosinewarmrestarts cosineannealingwarmrestarts onecycle onecyclelr cyclic_lr cycliclr "
    "polynomial polynomiallr linearlr constantlr exponentialdecay "
    # layers
    "relu6 prelu rrelu celu crelu glu swiglu geglu hardtanh hardsigmoid hardswish hardshrink softshrink tanhshrink "
    "logsigmoid logsoftmax softmin mish threshold groupnorm instancenorm rmsnorm instancenorm1d alphadropout dropout2d "
    "conv conv1d conv2d lstm gru rnn attention embedding flatten maxpool avgpool bilinear cos tan step sign "
    # columns of tables
    "knn knnimputer iterative iterativeimputer mice ffill bfill forwardfill backfill interpolate targetencoding "
    "targetencoder frequency hashing maxabs maxabsscaler bootstrap jackknife "
    # backends
    "cpu qiskit qasmsimulator statevector statevectorsimulator cirq braket qulacs qulacssimulator cudaq "
    "tensorcircuit ibm ionq numpy torch "
    "jax lightning lightningqubit lightninggpu defaultqubit unitary stabilizer extendedstabilizer "
    # functions
    "sinh cosh asinh acosh atanh arcsinh arccosh arctanh atan2 arctan2 log10 log1p exp2 expm1 cbrt sec csc cot sinc "
    "sqr square pow power round trunc sum prod mod sigmoid erf sgn "
    # blocks
    "excitationpreserving paulitwodesign simplifiedtwodesign randomlayers qaoaembedding displacementembedding "
    "squeezingembedding evolvedopansatz reversecircular"
)  # fmt: skip
_OTHER = frozenset(_OTHER_WORDS.split())
"""Words that mean something else elsewhere, which nothing here is."""


def _normal(word: str) -> str:
    return word.replace("_", "").replace(".", "").replace("-", "").casefold()


def meant_elsewhere(word: str, candidates: tuple[str, ...] | list[str]) -> str | None:
    """The one of `candidates` that another library calls `word`, with the arguments that make it the same.

    Empty where the word is known to mean something that none of them is; None where nothing is known of it.
    """
    plain = _normal(word)
    same = (_SAME[plain],) if plain in _SAME else _SEVERAL.get(plain, ())
    found = next((name for name in same if name.partition("(")[0] in candidates), None)
    if found is None:
        found = next((name for name in candidates if _normal(name) == plain), None)
    if found is None and "cx" in candidates:
        from hqnn_dsl.circuit.foreign_gates import equal_gate, is_known

        gate = equal_gate(word)
        found = gate if gate in candidates else "" if is_known(word) else None
    return "" if found is None and plain in _OTHER else found
