"""TensorBoard: the event files of a training, in the folder `tensorboard` of its run.

Events are written in this thread by TensorBoard's own record writer: a full disk is an exception here, not in a thread
of its writer.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.codes.tracking import PackageForTracker
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.files import EVENTS
from hqnn_dsl.training.tracking import numbers_of, scores_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.tracking import Tracked, TrackedEnd

SECONDS_BETWEEN_FLUSHES = 2.0
MARK = "events.out.tfevents."
"""The beginning of the names of event files, by which TensorBoard finds them."""


class TensorBoard:
    """Writes the curves, scores, settings and figures of each training for TensorBoard.

    They are in the folder `tensorboard` of the run, of many trainings in `tensorboard/0001` and so on of their folder:
    `tensorboard --logdir runs` shows all runs. A run that is resumed goes on in the same curves.
    """

    def prepare(self, _root: Path) -> None:
        """Raises `Refusal` E0660 if TensorBoard is not installed."""
        try:
            import tensorboard.summary.writer.record_writer  # noqa: F401 - whether it is there
        except ImportError:
            raise Refusal(
                PackageForTracker(tracker="TensorBoard", package="tensorboard", extra="tensorboard")
            ) from None

    def begin(self, training: Tracked) -> _Events:
        """Returns what writes the events of a training."""
        folder = training.folder / EVENTS
        return _Events(folder if training.number is None else folder / f"{training.number:04d}", training)


class _Events:
    """One event file. If there are others in the folder, all their curves are begun anew by it, with all epochs."""

    def __init__(self, folder: Path, training: Tracked) -> None:
        from tensorboard.compat.proto.event_pb2 import SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        others = [path.name.removeprefix(MARK) for path in folder.iterdir() if path.name.startswith(MARK)]
        is_there = bool(others)
        name = f"{MARK}{second_after(others):010d}.{socket.gethostname()}.{os.getpid()}.{time.monotonic_ns()}"
        self._file = (folder / name).open("xb")
        self._writer = RecordWriter(self._file)
        self._flushed = time.monotonic()
        self._write(file_version="brain.Event:2")
        if is_there:
            self._write(step=0, session_log=SessionLog(status=SessionLog.START))  # drops all from this step on
        self._text("spec", _as_code(training.spec))
        self._text("spec, resolved", _as_code(training.resolved))
        self._text("settings", _as_table({**training.settings, **training.facts}))
        for epoch in training.history:
            self.epoch(epoch)
        self._flush()

    def epoch(self, epoch: Epoch) -> None:
        """Write the numbers of an epoch."""
        self._scalars(numbers_of(epoch), epoch.number)
        if time.monotonic() - self._flushed > SECONDS_BETWEEN_FLUSHES:
            self._flush()

    def end(self, end: TrackedEnd) -> None:
        """Write scores and figures, and close the file."""
        step = len(end.history)
        if end.metrics is not None:
            self._scalars({"/".join(path): value for path, value in scores_of(end.metrics).items()}, step)
        if end.best_epoch is not None:
            self._scalars({"best_epoch": float(end.best_epoch)}, step)
        self._text("state", end.state, step)
        for path in end.figures:
            self._picture(path, step)
        self._file.close()

    def _flush(self) -> None:
        self._file.flush()
        self._flushed = time.monotonic()

    def _scalars(self, values: Mapping[str, float], step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        summary = Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in values.items()])
        self._write(step=step, summary=summary)

    def _text(self, name: str, text: str, step: int = 0) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.plugins.text.metadata import create_summary_metadata

        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        tensor = TensorProto(dtype="DT_STRING", string_val=[text.encode()], tensor_shape=shape)
        metadata = create_summary_metadata(display_name=name, description="")
        value = Summary.Value(tag=f"{name}/text_summary", metadata=metadata, tensor=tensor)
        self._write(step=step, summary=Summary(value=[value]))

    def _picture(self, path: Path, step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        data = path.read_bytes()
        width, height = (int.from_bytes(data[place : place + 4], "big") for place in (16, 20))  # of a PNG
        image = Summary.Image(height=height, width=width, colorspace=4, encoded_image_string=data)
        self._write(step=step, summary=Summary(value=[Summary.Value(tag=path.stem, image=image)]))

    def _write(self, **what: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.write(Event(wall_time=time.time(), **what).SerializeToString())


def second_after(others: Iterable[str]) -> int:
    """The time in the name of a file that is read after others: TensorBoard reads in the order of names.

    It is now, or a second after the latest of them, as of a training that was killed in this very second.
    """
    begins = [name.partition(".")[0] for name in others]
    return max([time.time_ns() // 10**9, *(int(begin) + 1 for begin in begins if begin.isdecimal())])


def _as_code(text: str) -> str:
    """A text as Markdown shows it unchanged: indented."""
    return "".join(f"    {line}\n" for line in text.splitlines())


def _as_table(values: Mapping[str, object]) -> str:
    """A table in Markdown."""
    rows = [f"| {name} | {str(value).replace('|', chr(92) + '|')} |" for name, value in values.items()]
    return "\n".join(["| setting | value |", "|---|---|", *rows, ""])
