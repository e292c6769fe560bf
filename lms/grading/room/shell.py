"""IPython's own shell, without a kernel around it: cells run as in Jupyter, outputs are kept in nbformat's form."""

from __future__ import annotations

import ast
import base64
import builtins
import io
import os
import random
import re
import sys
import tempfile
from collections.abc import Iterable
from typing import Any

from IPython.core import page
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

from . import display, warmth
from .told import cell_file, text_of

MAX_STREAM = 200_000
MAX_RICH = 4_000_000
MAX_TRACEBACK = 20_000


_OWN = re.compile(r"^\s*(?:In \[\d*\]|>>>|\.\.\.)|\b(?:await|async)\b", re.MULTILINE)
_WORD = re.compile(r"\s*(\w+)")


class Sink:
    """The outputs of the running cell, at most MAX_STREAM characters of text and MAX_RICH of everything else."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.clear()

    def clear(self) -> None:
        self.outputs = []
        self._text = self._rich = 0
        self._clear_at_next = False

    def clear_later(self) -> None:
        self._clear_at_next = True

    def write(self, name: str, text: str) -> None:
        self._before()
        left = MAX_STREAM - self._text
        self._text += len(text)
        if left <= 0:
            return
        if len(text) > left:
            text = text[:left] + "\n[…]\n"
        last = self.outputs[-1] if self.outputs else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"].append(text)
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": [text]})

    def add(self, output: dict[str, Any], size: int) -> None:
        self._before()
        self._rich += size
        if self._rich <= MAX_RICH:
            self.outputs.append(output)

    def divert(self) -> tuple[Any, ...]:
        """Start afresh, keeping what there is for `restore`."""
        kept = (self.outputs, self._text, self._rich, self._clear_at_next)
        self.clear()
        return kept

    def restore(self, kept: tuple[Any, ...]) -> list[dict[str, Any]]:
        """Back to what was kept; the outputs since then."""
        taken = self.take()
        self.outputs, self._text, self._rich, self._clear_at_next = kept
        return taken

    def take(self) -> list[dict[str, Any]]:
        taken = self.outputs
        self.clear()
        for output in taken:
            output.pop("display_id", None)
            if output["output_type"] == "stream":
                output["text"] = "".join(output["text"])
        return taken

    def _before(self) -> None:
        if self._clear_at_next:
            self.clear()


SINK = Sink()


class Stream(io.TextIOBase):
    """`sys.stdout` and `sys.stderr` of the cells."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = f"<{name}>"
        self._stream = name
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            SINK.write(self._stream, str.__str__(text))
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor


_STREAMS = (Stream("stdout", 1), Stream("stderr", 2))


def _plain_data(data: dict[str, Any]) -> dict[str, str]:
    """Only the kinds of output that a page of ours shows, as text."""
    plain = {}
    for mime in display.MIMES:
        value = data.get(mime)
        if isinstance(value, bytes):
            plain[mime] = base64.b64encode(value).decode()
        elif isinstance(value, str):
            plain[mime] = value
    return plain


def _size(data: dict[str, str]) -> int:
    return sum(map(len, data.values()))


class ResultHook(DisplayHook):
    """The value of a cell's last expression becomes an `execute_result`."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        data = _plain_data(format_dict)
        output = {"output_type": "execute_result", "execution_count": self.prompt_count, "data": data, "metadata": {}}
        SINK.add(output, _size(data))

    def finish_displayhook(self) -> None:
        pass


class Publisher(DisplayPublisher):
    """`display(…)` and figures become `display_data`."""

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        plain = _plain_data(data)
        display_id = (transient or {}).get("display_id")
        if update:
            for output in SINK.outputs:
                if display_id and output.get("display_id") == display_id:
                    output["data"] = plain
            return
        output = {"output_type": "display_data", "data": plain, "metadata": {}, "display_id": display_id}
        SINK.add(output, _size(plain))

    def clear_output(self, wait: bool = False) -> None:
        if wait:
            SINK.clear_later()
        else:
            SINK.clear()


class Compiler(CachingCompiler):
    """Tracebacks name the cell that our side knows."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return cell_file(current().key)


class Shell(InteractiveShell):
    """One for the whole process. `key` names the running cell; it is the file name in tracebacks."""

    displayhook_class = ResultHook
    display_pub_class = Publisher
    compiler_class = Compiler
    key = ""

    def init_virtualenv(self) -> None:
        pass

    def init_readline(self) -> None:
        pass

    def init_display_formatter(self) -> None:
        self.display_formatter = display.Formatter(parent=self)
        self.configurables.append(self.display_formatter)  # type: ignore[arg-type]

    def enable_gui(self, gui: Any = None) -> None:
        pass

    def enable_matplotlib(self, gui: Any = None) -> Any:
        told = super().enable_matplotlib(gui)
        display.draw_once(self)
        return told

    def ask_exit(self) -> None:
        pass

    def run_plain(self, source: str) -> ExecutionResult:
        """`run_cell` for what `is_plain`: without the search for what only IPython understands, twice, and a loop of events."""
        running = self.run_cell_async(source, store_history=True, transformed_cell=source)
        result = ExecutionResult(None)
        try:
            running.send(None)
        except StopIteration as ended:
            result = ended.value
        except BaseException as error:
            result.error_in_exec = error
            self.showtraceback(running_compiled_code=True)
        finally:
            running.close()
            self.events.trigger("post_execute")
            self.events.trigger("post_run_cell", result)
        return result

    def is_plain(self, source: str) -> bool:
        """Whether a cell is Python that IPython would run as it stands: no magic, no shell, no prompt pasted in, no await."""
        if self.input_transformers_post or _OWN.search(source):
            return False
        word = _WORD.match(source)
        if word and "\n" not in source.strip() and word[1] in self.magics_manager.magics["line"]:
            return False
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        text = "\n".join(map(str, stb))[-MAX_TRACEBACK:]
        output = {
            "output_type": "error",
            "ename": str(etype.__name__)[:200],
            "evalue": text_of(evalue),
            "traceback": text.split("\n"),
        }
        SINK.add(output, len(text))


def refuse_input(*_: Any) -> str:
    raise EOFError("input() has nobody to ask while a notebook is graded")


def warm() -> Shell:
    """Make the shell and run through what is slow at its first use. In the warm parent, before any fork."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.banner1 = ""
    shell = Shell.instance(config=config)
    page.page = lambda *_, **__: None
    builtins.input = refuse_input
    shell.run_cell("1 + 1", store_history=False)
    shell.run_cell("1 / 0", store_history=False)
    warmth.warm(shell)
    shell.reset(new_session=True)
    shell.execution_count = 1
    SINK.clear()
    return shell


def current() -> Shell:
    return Shell.instance()


class Captured:
    """What programs and C code write to descriptors 1 and 2: kept in a file of the child's own, that has no name."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.renew()

    def renew(self) -> None:
        """A file of this process's own: one of the process that forked it isn't open here any more."""
        self._file = os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self._read = 0
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(self._file, 1)
        os.dup2(self._file, 2)

    def collect(self) -> None:
        size = os.fstat(self._file).st_size
        if size > self._read:
            piece = os.pread(self._file, min(size - self._read, MAX_STREAM), self._read)
            self._read = size
            SINK.write("stdout", piece.decode("utf-8", "replace"))


def prepare(home: str) -> Captured:
    """In the child: the streams, a seed of its own for random numbers, folders of its own. `home` is '' in a sandbox that
    has a file system of its own."""
    temporary = home or "/tmp"  # noqa: S108
    os.environ.update(
        HOME=home or "/home/learner",
        TMPDIR=temporary,
        MPLCONFIGDIR=f"{temporary}/matplotlib",
        IPYTHONDIR=f"{temporary}/ipython",
    )
    tempfile.tempdir = None
    captured = Captured(temporary)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = _STREAMS
    sys.argv = [""]
    current().user_ns["__name__"] = "__main__"
    _seed()
    return captured


def prepare_again(captured: Captured, *, moved: list[str]) -> None:
    """In a child of a process that was prepared. `moved`: libraries whose random numbers cells that ran there have set."""
    captured.renew()
    _seed(moved)


def _seed(kept: Iterable[str] = ()) -> None:
    if "random" not in kept:
        random.seed()
    if "numpy" in sys.modules and "numpy" not in kept:
        numpy = sys.modules["numpy"]
        numpy.random.seed(numpy.frombuffer(os.urandom(64), numpy.uint32))


def mend_streams() -> None:
    """A cell that closed or threw away a stream loses what it prints from then on, not the cells after it."""
    for name, stream in zip(("stdout", "stderr"), _STREAMS, strict=True):
        if getattr(getattr(sys, name), "closed", True) or not hasattr(getattr(sys, name), "flush"):
            setattr(sys, name, Stream(name, stream.fileno()))
