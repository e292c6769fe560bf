"""The checks' end of the wall: asks the learner's room for names, calls and attributes, and answers what it calls back."""

from __future__ import annotations

import socket
import sys
import threading
import types
from typing import Any

from . import wall
from .codec import CodecError, Decoder, Encoder
from .exports import PLAIN_BUILTINS, Exports, Patches, index
from .learnt import Contract
from .namespace import Namespace, hers
from .proxies import RemoteFunction, WrongKind
from .recording import Listening
from .standins import Decode, StandIns
from .told import text_of
from .values import form, is_mutable, replace_content
from .wall import WallDownError

_STOPS = (StopIteration, StopAsyncIteration)
_STOPPING = ("__next__", "__await__")
_OF_ITERATORS = ("iterator.send()", "iterator.throw()", "iterator.close()")


class Asking:
    """`asked` counts what was asked of the learner on behalf of the running check. Without a connection, as while trusted
    cells run ahead, everything that asks raises WallDownError."""

    def __init__(self, contract: dict[str, Any] | None) -> None:
        self._connection: socket.socket | None = None
        self._turn = threading.RLock()
        self.contract = Contract(contract)
        self.namespace = Namespace(self)
        self.exports = Exports(self.namespace)
        self.patches = Patches()
        self.listening = Listening()
        self.asked = 0
        self.sources: list[str] = []
        self._given: list[str] = []
        self._stand_ins = StandIns(self, self.contract, self.namespace, self.exports)
        self._cache: dict[str, Any] = {}
        self._steady: dict[
            str, Any
        ] = {}  # of the cache: functions of whose change her side tells, so that calls may leave them
        self._copies: dict[int, Any] = {}
        self._fetched: list[tuple[str, Any, Any]] = []
        self._replaced = self._hers_too = False

    def connect(self, connection: socket.socket) -> None:
        self._connection = connection

    def start(self, sources: list[str]) -> None:
        """A check begins. `sources`: of the answers, for inspect.getsource. WallDownError."""
        given = self.namespace.trusted_classes()
        if given != self._given:
            self._given = given
            self.ask("given", names=given)
        self.asked = 0
        self.sources = sources
        self._forget()
        self._replaced = self._hers_too = False

    def take_hers_too(self) -> bool:
        """Whether the check used a library's function that the learner may have bound to something else; from now on hers is
        taken under that name."""
        self._hers_too = self._replaced
        self._forget()
        return self._hers_too

    def _forget(self) -> None:
        self._cache.clear()
        self._steady.clear()

    # --- messages -----------------------------------------------------------------------------------------------------

    def ask(self, do: str, **facts: Any) -> tuple[Any, list[bytes]]:
        reply, buffers = self._request({"do": do, **facts}, self.exports.encoder())
        return reply.get("value"), buffers

    def _request(
        self, request: dict[str, Any], encoder: Encoder, *, site: str = "", stops: bool = False
    ) -> tuple[dict[str, Any], list[bytes]]:
        """`stops`: StopIteration may come back; else only from a call or attribute at a `site` where the solution's does. One
        at a time, though checks may have threads."""
        with self._turn:
            return self._exchange(request, encoder, site, stops)

    def tell(self, do: str, **facts: Any) -> None:
        """Ask for what has no answer. What is asked next, and what her room is given to do next, come after it."""
        with self._turn:
            if self._connection is None:
                raise WallDownError
            wall.send(self._connection, {"do": do, **facts}, [])

    def _exchange(
        self, request: dict[str, Any], encoder: Encoder, site: str, stops: bool
    ) -> tuple[dict[str, Any], list[bytes]]:
        if self._connection is None:
            raise WallDownError
        if (wanted := self.listening.wanted()) is not None:
            request["listen"] = wanted
        wall.send(self._connection, request, encoder.buffers)
        while True:
            reply, buffers = wall.receive(self._connection)
            if not isinstance(reply, dict):
                raise WallDownError
            if "callback" not in reply:
                break
            self._serve_callback(self._connection, reply, buffers)
        for name, text in reply.get("printed") or ():
            if isinstance(text, str):
                (sys.stderr if name == "stderr" else sys.stdout).write(text)
        self.listening.replay(reply.get("told") or ())
        for name in reply.get("moved") or ():
            if isinstance(name, str):
                self._cache.pop(name, None)
                self._steady.pop(name, None)
        if "error" in reply:
            error = self._stand_ins.error(reply["error"], lambda tree: self.decode(tree, buffers, ""))
            if isinstance(error, _STOPS) and not stops and not self._may_stop(site):
                raise RuntimeError("the function raised StopIteration") from error
            raise error
        return reply, buffers

    def _may_stop(self, site: str) -> bool:
        """StopIteration ends a loop without a word: a call raises it only where the author's solution does."""
        return site in _OF_ITERATORS or (bool(site) and self.contract.may_stop(site))

    def _serve_callback(self, connection: socket.socket, request: dict[str, Any], buffers: list[bytes]) -> None:
        """The learner's function calls something that the check gave it, or has put in the place of a builtin."""
        encoder = self.exports.encoder()
        try:
            target = self.exports.target(request["callback"], self.patches)
            arguments = self.decode(request["arguments"], buffers, "")
            named = self.decode(request["named"], buffers, "")
            reply: dict[str, Any] = {"returned": encoder.encode(target(*arguments, **named))}
        except WallDownError:
            raise
        except Exception as error:
            encoder = self.exports.encoder()
            reply = {"raised": [type(error).__name__, text_of(error)]}
        wall.send(connection, reply, encoder.buffers)

    def decode(self, tree: Any, buffers: list[bytes], site: str, numbered: list[Any] | None = None) -> Any:
        """`site` says by which way the checks come to the value, in words of theirs. CodecError, WrongKind."""
        decoder = Decoder(
            buffers,
            lambda handle: self._resolve(handle, site, decoder.decode),
            lambda handle: self.contract.may_stay(handle, site),
        )
        decoder.numbered = list(numbered or ())
        self.contract.note_place(site)
        try:
            return decoder.decode(tree)
        except (WallDownError, WrongKind):
            raise
        except Exception as error:
            raise CodecError("a value that can't be checked") from error

    def _resolve(self, handle: list[Any], site: str, decode: Decode) -> Any:
        return self.exports.own(handle[1]) if handle[0] == "own" else self._stand_ins.resolve(handle, site, decode)

    # --- names: what the namespace asks ---------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        if not hers(name):
            return False
        return self.ask("has", name=name)[0] is True

    def names(self) -> list[str]:
        value, buffers = self.ask("names")
        self.asked += 1
        names = self.decode(value, buffers, "")
        return [name for name in names if hers(name)] if isinstance(names, list) else []

    def get(self, name: str) -> Any:
        """A name that the checks don't bind. KeyError where the learner has none, so that builtins are looked at next."""
        if not hers(name):
            raise KeyError(name)
        if name in PLAIN_BUILTINS and self.contract.hides(name):
            raise KeyError(name)
        if name in self._cache:
            return self._cache[name]
        if (known := self.contract.from_library(name)) is not None:
            self._cache[name] = known
            self._replaced |= self.contract.is_function_of_library(name) and not self._hers_too
            if not self._hers_too or self.contract.is_module(name):
                return known
        # Her KeyError is ours: builtins are looked at next.
        reply, buffers = self._request({"do": "get", "name": name}, self.exports.encoder())
        self.asked += 1
        value = reply.get("value")
        made = self._one_copy(reply.get("same"), self.decode(value, buffers, name))
        if self._hers_too and name in self._cache and self.contract.is_same_library(value):
            return self._cache[name]
        if self.contract.learning:
            made = self._learn_name(name, value, made)
        self._cache[name] = made
        if reply.get("steady") is True and type(made) is RemoteFunction and not self.contract.learning:
            self._steady[name] = made
        if is_mutable(made):
            self._fetched.append((name, made, form(value, buffers)))
        return made

    def _learn_name(self, name: str, told: Any, made: Any) -> Any:
        if name in PLAIN_BUILTINS:
            self.contract.note_builtin(name)
        if isinstance(made, types.ModuleType):
            self.contract.note_module(name, made.__name__)
        found = self.contract.library_of(name, told)
        return made if found is None else found

    def delete(self, name: str) -> None:
        self._forget()
        self.ask("delete", name=name)
        self.asked += 1

    def bound(self, name: str, value: Any) -> None:
        """A check gave a name that the learner's code may read back its own function (after a check deleted or wrapped it)."""
        self._cache.pop(name, None)
        self._steady.pop(name, None)
        if isinstance(value, RemoteFunction) and value.__name__ == name:
            encoder = self.exports.encoder()
            self._request({"do": "set", "name": name, "value": encoder.encode(value)}, encoder)

    def return_fetched(self) -> None:
        """A list or table that a check took from the learner and changed is changed there too."""
        fetched, self._fetched = self._fetched, []
        for name, value, before in fetched:
            encoder = self.exports.encoder()
            try:
                tree = encoder.encode(value)
            except (TypeError, ValueError):
                continue
            if form(tree, encoder.buffers) != before and name not in self.namespace.bound:
                self._request({"do": "set", "name": name, "value": tree}, encoder)

    # --- calls and attributes: what stand-ins ask -----------------------------------------------------------------------

    def call(
        self,
        handle: int,
        operator: str,
        arguments: tuple[Any, ...],
        named: dict[str, Any],
        *,
        site: str,
        reads: Any = (),
    ) -> Any:
        self.return_fetched()
        self._cache = dict(self._steady)
        self.asked += 1
        encoder = self.exports.encoder()
        request = {
            "do": "call",
            "of": handle,
            "operator": operator,
            "names": self._names_to_push(reads, encoder),
            "arguments": encoder.encode(arguments),
            "named": encoder.encode(named),
            "patched": self.patches.current(),
        }
        numbered = encoder.numbered
        reply, buffers = self._request(request, encoder, site=site, stops=operator in _STOPPING)
        for number, content in reply.get("changes") or ():
            replace_content(numbered[index(number)], self.decode(content, buffers, site))
        made = self.decode(reply.get("value"), buffers, site, numbered)
        for side, number, state in reply.get("states") or ():
            self._stand_ins.update(side, number, self.decode(state, buffers, site))
        return self._one_copy(reply.get("same"), made)

    def _one_copy(self, same: Any, made: Any) -> Any:
        """What her side knows as one list or table is one copy here, with its newest content, however often it is asked."""
        if type(same) is not int or not is_mutable(made):
            return made
        known = self._copies.get(same)
        if known is None or not replace_content(known, made):
            self._copies[same] = made
            return made
        return known

    def _names_to_push(self, reads: Any, encoder: Encoder) -> list[Any]:
        """Globals that a check set and that the author's functions read: the learner's may read them too, and no others."""
        found = []
        for name in self.contract.reads(reads, self.namespace.bound):
            value = dict.get(self.namespace, name)
            is_her_own = isinstance(value, RemoteFunction) and value.__name__ == name
            if not isinstance(value, types.ModuleType) and not is_her_own:
                found.append([name, encoder.encode(value)])
        return found

    def attribute(self, handle: int, name: str, site: str) -> Any:
        self.asked += 1
        request = {"do": "attribute", "of": handle, "name": name}
        reply, buffers = self._request(request, self.exports.encoder(), site=site)
        return self._one_copy(reply.get("same"), self.decode(reply.get("value"), buffers, site))

    def assign(self, handle: int, name: str, value: Any) -> None:
        encoder = self.exports.encoder()
        self._request({"do": "assign", "of": handle, "name": name, "value": encoder.encode(value)}, encoder)

    def names_of(self, handle: int) -> list[Any]:
        value, buffers = self.ask("dir", of=handle)
        names = self.decode(value, buffers, "")
        return names if isinstance(names, list) else []

    def use(self, kind: str, operator: str) -> None:
        self.contract.use(kind, operator)
