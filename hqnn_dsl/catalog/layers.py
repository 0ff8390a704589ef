"""The classical layers of encoders and decoders: one row each, its sentences are its documentation.

A builder is `build(in_width, out_width, options) -> nn.Module`, a module from `[B, in_width]` to `[B, out_width]`, and
imports torch inside itself. `dense` and `fourier` set a width; all other layers keep the one they get. The builder of
`fourier`, which needs the slot table, is in `network.fourier`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.entry import Entry, Option, table

if TYPE_CHECKING:
    from torch import nn

Options = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class LayerEntry(Entry):
    """A layer. `bounded`: all its outputs lie in a fixed interval, whatever comes in.

    `keeps_bounds`: its outputs are bounded when its inputs are (`bounded` is then False). `sets_width`: its output
    width is its own option `width`, or follows from its options; where False it is the input's.
    """

    bounded: bool = False
    keeps_bounds: bool = False
    sets_width: bool = False
    is_trained: bool = False
    """Whether it has weights whatever its options are."""

    def width(self, options: Options) -> int | str | None:
        """The width that the layer sets, "auto" if it is inferred; None if it keeps that of its input."""
        if not self.sets_width:
            return None
        if "phases" in options:
            return 2 * len(options["phases"])
        width = options.get("width")
        assert width is None or isinstance(width, (int, str))
        return width

    @staticmethod
    def reads(options: Options) -> int | None:
        """The number of inputs that the layer insists on; None if it takes any."""
        inputs = options.get("inputs")
        assert inputs is None or isinstance(inputs, int)
        return inputs


def _torch(name: str, **renamed: str) -> Callable[[int, int, Options], nn.Module]:
    """A builder for `torch.nn.<name>`; `renamed` maps its keywords to option names."""

    def build(in_width: int, out_width: int, options: Options) -> nn.Module:  # noqa: ARG001 - one signature for all
        from torch import nn

        module: nn.Module = getattr(nn, name)(**{keyword: options[option] for keyword, option in renamed.items()})
        return module

    return build


def _dense(in_width: int, out_width: int, options: Options) -> nn.Module:
    from torch import nn

    return nn.Linear(in_width, out_width, bias=options["bias"])


def _softmax(in_width: int, out_width: int, options: Options) -> nn.Module:  # noqa: ARG001 - one signature for all
    from torch import nn

    return nn.Softmax(dim=-1)


def _sine(in_width: int, out_width: int, options: Options) -> nn.Module:  # noqa: ARG001 - one signature for all
    from hqnn_dsl.catalog.elementwise import Sine

    return Sine()


def _gelu(in_width: int, out_width: int, options: Options) -> nn.Module:  # noqa: ARG001 - one signature for all
    from torch import nn

    return nn.GELU(approximate="tanh" if options["approximate"] else "none")


def _layer_norm(in_width: int, out_width: int, options: Options) -> nn.Module:  # noqa: ARG001 - one signature for all
    from torch import nn

    return nn.LayerNorm(in_width, eps=options["eps"], elementwise_affine=options["affine"])


def _batch_norm(in_width: int, out_width: int, options: Options) -> nn.Module:  # noqa: ARG001 - one signature for all
    from torch import nn

    return nn.BatchNorm1d(in_width, eps=options["eps"], momentum=options["momentum"], affine=options["affine"])


_AFFINE = Option(name="affine", type="bool", default=True, doc="Whether a trainable scale and shift follow.")
_EPS = Option(name="eps", type="float", default=1e-5, above=0, doc="Added to the variance before its root is taken.")

LAYERS: dict[str, Entry] = table(
    LayerEntry(
        name="dense",
        doc="A fully connected layer: `W x + b`, with as many outputs as its width says.",
        options=(
            Option(name="width", type="width", default="auto", doc="Number of outputs; `auto` is what comes next."),
            Option(name="bias", type="bool", default=True, doc="Whether `b` is there."),
        ),
        positional=1,
        build=_dense,
        sets_width=True,
        is_trained=True,
    ),
    LayerEntry(
        name="identity",
        doc="`x`, unchanged: a place to hang operations on.",
        build=_torch("Identity"),
        keeps_bounds=True,
    ),
    LayerEntry(name="relu", doc="`max(0, x)`.", build=_torch("ReLU"), keeps_bounds=True),
    LayerEntry(
        name="leaky_relu",
        doc="`x` above 0, `slope * x` below.",
        options=(Option(name="slope", type="float", default=0.01, minimum=0, doc="The slope below 0."),),
        positional=1,
        build=_torch("LeakyReLU", negative_slope="slope"),
        keeps_bounds=True,
    ),
    LayerEntry(name="silu", doc="`x * sigmoid(x)`, also called swish.", build=_torch("SiLU"), keeps_bounds=True),
    LayerEntry(
        name="gelu",
        doc="`x` times the normal distribution's share below `x`.",
        options=(
            Option(
                name="approximate",
                type="bool",
                default=False,
                doc="Whether the share is approximated by a tanh, as older models do.",
            ),
        ),
        build=_gelu,
        keeps_bounds=True,
    ),
    LayerEntry(
        name="elu",
        doc="`x` above 0, `alpha * (exp(x) - 1)` below.",
        options=(Option(name="alpha", type="float", default=1.0, above=0, doc="The depth that is reached below 0."),),
        positional=1,
        build=_torch("ELU", alpha="alpha"),
        keeps_bounds=True,
    ),
    LayerEntry(
        name="selu",
        doc="`elu` with the constants that keep mean 0 and variance 1.",
        build=_torch("SELU"),
        keeps_bounds=True,
    ),
    LayerEntry(
        name="softplus",
        doc="`log(1 + exp(beta * x)) / beta`: a smooth `relu`.",
        options=(Option(name="beta", type="float", default=1.0, above=0, doc="How sharp the bend at 0 is."),),
        positional=1,
        build=_torch("Softplus", beta="beta"),
        keeps_bounds=True,
    ),
    LayerEntry(name="tanh", doc="The hyperbolic tangent, between -1 and 1.", build=_torch("Tanh"), bounded=True),
    LayerEntry(name="sigmoid", doc="`1 / (1 + exp(-x))`, between 0 and 1.", build=_torch("Sigmoid"), bounded=True),
    LayerEntry(name="softsign", doc="`x / (1 + |x|)`, between -1 and 1.", build=_torch("Softsign"), bounded=True),
    LayerEntry(name="sin", doc="The sine, between -1 and 1.", build=_sine, bounded=True),
    LayerEntry(
        name="fourier",
        doc="The cosines of its phases, then their sines: Fourier features, without weights. A phase is an angle of "
        'the inputs, as a circuit has them, in quotes: `fourier("x[0]", "2*x[0] - x[1]", inputs: 2)`.',
        options=(
            Option(
                name="phases",
                type="strings",
                variadic=True,
                least=1,
                doc="Angles of the inputs `x[0]`, `x[1]` and so on, in radians.",
                example='"x[0]", "x[0] - x[1]"',
            ),
            Option(name="inputs", type="int", minimum=1, doc="Number of inputs that the layer reads."),
        ),
        positional=1,
        bounded=True,
        sets_width=True,
    ),
    LayerEntry(
        name="softmax", doc="Shares between 0 and 1 that add up to 1 over the width.", build=_softmax, bounded=True
    ),
    LayerEntry(
        name="dropout",
        doc="In training, sets values to 0 at random and scales the rest by `1 / (1 - p)`; otherwise unchanged.",
        options=(
            Option(name="p", type="float", default=0.5, minimum=0, below=1, doc="The probability of setting to 0."),
        ),
        positional=1,
        build=_torch("Dropout", p="p"),
        keeps_bounds=True,
    ),
    LayerEntry(
        name="layer_norm",
        doc="Brings each row to mean 0 and variance 1 over its width.",
        options=(_EPS, _AFFINE),
        build=_layer_norm,
    ),
    LayerEntry(
        name="batch_norm",
        doc="Brings each column to mean 0 and variance 1 over the batch; running statistics outside training.",
        options=(
            Option(
                name="momentum",
                type="float",
                default=0.1,
                above=0,
                maximum=1,
                doc="The share of the newest batch in the running statistics.",
            ),
            _EPS,
            _AFFINE,
        ),
        build=_batch_norm,
    ),
)
"""All layers by name, in the order of their documentation."""
