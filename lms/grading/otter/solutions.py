"""Otter's marks in solution cells as nbgrader's regions."""

from __future__ import annotations

import ast
import re
import textwrap

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_LINE = re.compile(r"^(?P<indent>\s*)(?P<code>.*?)\s*#\s*SOLUTION(?P<bare>\s+NO PROMPT)?\s*$")
_BEGIN = re.compile(r"^(\s*)#\s*BEGIN SOLUTION(\s+NO PROMPT)?\s*$")
_END = re.compile(r"^(\s*)#\s*END SOLUTION\s*$")
_PROMPT_BEGIN = re.compile(r"^\s*(?:_\s*=\s*)?[\"']{1,3}\s*#\s*BEGIN PROMPT\s*$")
_PROMPT_END = re.compile(r"^\s*[\"']{1,3};?\s*#\s*END PROMPT\s*$")


def has_marks(source: str) -> bool:
    return any(pattern.match(line) for line in source.split("\n") for pattern in (_LINE, _BEGIN, _END))


def solution_cell(source: str, prompts: list[str]) -> str:
    """A cell with nbgrader's regions. `x = 1 # SOLUTION` keeps `x = ...` for the learner; a prompt stands before the solution
    that it asks for, so that it can't undo it. Where nothing is marked and a prompt is given, all of it is the solution."""
    made = _Rewriter().rewrite(source.strip("\n"))
    if prompts and BEGIN not in made:
        made = f"{BEGIN}\n{made}\n{END}"
    return "\n".join([*("\n".join(_harmless(text.split("\n"))) for text in prompts), made])


def solution_text(source: str, prompts: list[str]) -> str:
    """The same for an answer in words."""
    return "\n\n".join([*prompts, f"{BEGIN}\n{source}\n{END}"]) if prompts else source


def _harmless(prompt: list[str]) -> list[str]:
    """The lines of a prompt, as a comment where they would fail or do something: they run before the author's solution."""
    try:
        body = ast.parse(textwrap.dedent("\n".join(prompt))).body
    except SyntaxError:
        body = [ast.Raise()]
    if all(_does_nothing(statement) for statement in body):
        return prompt
    return [re.sub(r"^(\s*)(?=[^\s#])", r"\1# ", line) for line in prompt]


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign):
        named = all(isinstance(target, ast.Name) for target in statement.targets)
        return named and isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)


class _Rewriter:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.region = -1  # where the region that ended last begins, as long as nothing stands after it

    def rewrite(self, source: str) -> str:
        inside = False
        prompt: list[str] | None = None
        for line in source.split("\n"):
            if prompt is not None:
                if _PROMPT_END.match(line):
                    self._prompt(prompt)
                    prompt = None
                else:
                    prompt.append(line)
            elif not inside and _PROMPT_BEGIN.match(line):
                prompt = []
            elif not inside and (begin := _BEGIN.match(line)):
                inside = True
                self._begin(begin[1])
            elif inside and (end := _END.match(line)):
                inside = False
                self.lines.append(f"{end[1]}{END}")
            elif not inside and (match := _LINE.match(line)):
                self._marked(match)
            else:
                self.region = self.region if inside else -1
                self.lines.append(line)
        return "\n".join(self.lines)

    def _begin(self, indent: str) -> None:
        """Regions that follow each other become one, so that the learner sees one stub."""
        if self.region >= 0:
            self.lines.pop()
        else:
            self.region = len(self.lines)
            self.lines.append(f"{indent}{BEGIN}")

    def _marked(self, match: re.Match[str]) -> None:
        indent, code = match["indent"], match["code"]
        target = re.match(r"(\w+)\s*=(?!=)", code)
        if target and not match["bare"]:
            self.region = -1
            self.lines.append(f"{indent}{target[1]} = ...")
        self._begin(indent)
        self.lines += [f"{indent}{code}", f"{indent}{END}"]

    def _prompt(self, prompt: list[str]) -> None:
        place = self.region if self.region >= 0 else len(self.lines)
        self.lines[place:place] = _harmless(prompt)
        self.region = -1
