"""Reports to a caller from Python about the arguments of a function (E063x)."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class AlreadyCompiled(Diagnostic):
    """A function gets a compiled program, and beside it changes of its spec, which would come too late.

    wrong   hqnn.train(program, "data.csv", set={"epochs": 5})
    right   hqnn.train(hqnn.compile("spec.hqnn", set={"epochs": 5}), "data.csv")
    right   hqnn.train("spec.hqnn", "data.csv", set={"epochs": 5})
    """

    code = "E0630"
    exit_code = 2
    message = "`{option}` is for a spec that is still to be compiled, and a program was given"
    advice = "give it to `hqnn.compile(SPEC, {option}=…)`"
    option: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotASpec(Diagnostic):
    """A function that takes a spec gets something else. A text that has a line break or a brace is taken as a spec's.

    wrong   hqnn.compile(open("spec.hqnn"))
    right   hqnn.compile("spec.hqnn")                   # a path
    right   hqnn.compile(open("spec.hqnn").read())      # a text
    """

    code = "E0631"
    exit_code = 2
    message = "{what} is no spec"
    advice = "give the path of a spec, the text of one, or the program that `hqnn.compile` returned"
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnusableLoss(Diagnostic):
    """A loss function does not return a scalar tensor that training can differentiate.

    It gets predictions and targets as tensors of rows and targets, in scaled units, and returns their mean loss.

        wrong   lambda predicted, target: (predicted - target).abs()                    # a loss for each row
        wrong   lambda predicted, target: (predicted - target).abs().mean().item()      # a number without a gradient
        right   lambda predicted, target: (predicted - target).abs().mean()
    """

    code = "E0632"
    message = "the loss function `{name}` {problem}"
    advice = "return a scalar tensor computed from the predictions, such as `(predicted - target).abs().mean()`"
    name: str
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongArray(Diagnostic):
    """An array does not have a row for each prediction and a column for each feature.

    Its columns are the features in the order of the spec. A frame is read by the names of its columns instead.

        wrong   run.predict(array[0])      # one row without a second axis
        right   run.predict(array[:1])
    """

    code = "E0633"
    message = "{what} has {found}; the run reads {wanted}: {features}"
    advice = "give an array with a row for each prediction, or a frame that has these columns"
    what: str
    found: str
    wanted: str
    features: str


@lazy_dataclass(frozen=True, kw_only=True)
class LossTwice(Diagnostic):
    """A training gets a loss function, and beside it a change of the spec's loss, which the function would take over.

    wrong   hqnn.train("spec.hqnn", "data.csv", set={"loss": "huber"}, loss=my_loss)      # which one?
    right   hqnn.train("spec.hqnn", "data.csv", loss=my_loss)
    """

    code = "E0634"
    exit_code = 2
    message = "`set` changes `{path}`, and `loss` is a function that takes the place of the spec's loss"
    advice = "leave one of them out"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class LossNotKept(Diagnostic):
    """A run was trained with a loss function given in Python. A run keeps its name, not its code: no loss is computed.

    wrong   hqnn.open_run("runs/yacht-1").evaluate("data.csv")                    # the loss is None
    right   hqnn.open_run("runs/yacht-1", loss=my_loss).evaluate("data.csv")      # the loss of `my_loss`
    """

    code = "W0441"
    severity = "note"
    exit_code = 0
    message = "the run was trained with the loss function `{name}`, which it does not keep: no loss is computed"
    advice = "give the function: `hqnn.open_run(RUN, loss={name})`"
    name: str
