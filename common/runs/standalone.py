"""Extract the source that given functions need as a separate package, by static analysis.

Starting from these functions it follows every name to its definition, through all modules of this repository, and
leaves everything else out: functions and classes that are never mentioned, methods whose name is never called, imports
that are not used. When in doubt it keeps code: a name counts as mentioned wherever it occurs.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

OURS = ("common", "tasks")
LONGEST_LINE = 120


@dataclasses.dataclass(frozen=True)
class Package:
    """Source files of a package, and its dependencies.

    Attributes:
        files: file name -> text; imports between them are relative.
        names: module of this repository -> its name in the package.
        modules: top-level modules of other projects that the files import.
    """

    files: dict[str, str]
    names: dict[str, str]
    modules: set[str]


def package(root: Path, wanted: Iterable[tuple[str, str]], called: Iterable[str] = ()) -> Package:
    """The source of the wanted definitions and of all that they mention.

    Args:
        root: the folder that contains the modules.
        wanted: module and name of each.
        called: names of methods that users of the package call.

    Raises:
        ValueError: if a module does not define a wanted name.
    """
    search = _Search(root, called)
    for module, name in wanted:
        search.need(module, name)
    used = [module for module in search.modules.values() if module.kept or module.used]
    names = _flat([module.name for module in used])
    files = {f"{names[module.name]}.py": module.text(names, search.attributes) for module in used}
    return Package(files, names, search.others)


def _flat(modules: Iterable[str]) -> dict[str, str]:
    """A name for each module: the last part of its own name, with the part before it where two would be equal."""
    names = {}
    for module in sorted(modules, key=lambda module: not module.startswith("tasks.")):  # the task's own come first
        *_, parent, last = module.split(".")
        names[module] = last if last not in names.values() else f"{parent}_{last}"
    if len(set(names.values())) < len(names):
        raise ValueError(f"modules of the same name: {sorted(names)}")
    return names


class _Module:
    """One file: its statements by the names they define, and which of them are kept.

    Attributes:
        imports: bound name -> `(module, name in it or None)`, for the imports at the top.
        kept: statements to keep, by their position.
        used: names of imports that are used.
    """

    def __init__(self, name: str, path: Path):
        self.name, self.source = name, path.read_text(encoding="utf-8")
        self.lines = self.source.splitlines()
        self.tree = ast.parse(self.source)
        self.imports, self.defined, self.kept, self.used = {}, {}, set(), set()
        for place, node in enumerate(self.tree.body):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.imports |= self.bound(node)
            for defined in _defined(node):
                self.defined.setdefault(defined, []).append(place)

    def bound(self, node: ast.Import | ast.ImportFrom) -> dict[str, tuple[str, str | None]]:
        """What an import binds: name -> module and name in it."""
        if isinstance(node, ast.Import):
            return {alias.asname or alias.name.split(".")[0]: (alias.name, None) for alias in node.names}
        module = node.module or ""
        if node.level:
            above = self.name.split(".")[: -node.level]
            module = ".".join([*above, *([module] if module else [])])
        return {alias.asname or alias.name: (module, alias.name) for alias in node.names}

    # ------------------------------------------------------------------------------------------------- Writing

    def text(self, names: dict[str, str], attributes: set[str]) -> str:
        """The kept part of the file, with the imports that it uses."""
        imports = [node for node in self.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        groups = [[ast.get_docstring(self.tree, clean=False)], *([] for _ in range(4))]
        groups[0] = [f'"""{text}"""' for text in groups[0] if text]
        for node in imports:
            groups[1 + self._group(node)] += self._import(node, names)
        found, definition = "\n\n".join("\n".join(group) for group in groups if group), True
        for place in sorted(self.kept):
            after, node = definition, self.tree.body[place]
            definition = isinstance(node, (ast.ClassDef, ast.FunctionDef))
            gap = "\n\n\n" if definition or (after and place != min(self.kept)) else "\n\n" if after else "\n"
            found += gap + self._statement(node, names, attributes)
        return found + "\n"

    def _group(self, node: ast.Import | ast.ImportFrom) -> int:
        """The group of an import: the future, the standard library, other projects, our own modules."""
        top = next(iter(self.bound(node).values()))[0].split(".")[0]
        return 0 if top == "__future__" else 3 if top in OURS else 1 if top in sys.stdlib_module_names else 2

    def _import(self, node, names: dict[str, str]) -> list[str]:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        kept = [alias for alias in node.names if future or (alias.asname or alias.name.split(".")[0]) in self.used]
        return [_rewritten(self, node, kept, names)] if kept else []

    def _statement(self, node: ast.stmt, names: dict[str, str], attributes: set[str]) -> str:
        """A statement with the comment before it, without methods that are never called, with its imports rewritten."""
        start = _first_line(node)
        while start > 1 and self.lines[start - 2].startswith("#") and not self.lines[start - 2].startswith("# ---"):
            start -= 1
        changes = {}  # first line -> last line, replacement text
        if isinstance(node, ast.ClassDef):
            for method in _methods(node):
                if method.name not in attributes:
                    changes[_first_line(method)] = (method.end_lineno, None)
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                indent = " " * inner.col_offset
                changes[inner.lineno] = (inner.end_lineno, indent + _rewritten(self, inner, inner.names, names))
        found, line = [], start
        while line <= node.end_lineno:
            end, text = changes.get(line, (line, self.lines[line - 1]))
            if text is not None:
                found.append(text)
            elif found and not found[-1].strip():
                found.pop()  # the blank line before a method that is left out
            line = end + 1
        return "\n".join(found)


class _Search:
    """Follows names from module to module."""

    def __init__(self, root: Path, called: Iterable[str]):
        self.root, self.modules, self.others = root, {}, set()
        self.attributes = set(called)  # names that follow a dot in the kept code
        self._waiting: list[tuple[_Module, ast.FunctionDef]] = []  # methods not called so far
        self._seen: set[tuple[str, str]] = set()

    def need(self, module_name: str, name: str) -> None:
        """Keep a name of a module, and what its definition mentions."""
        if (module_name, name) in self._seen:
            return
        self._seen.add((module_name, name))
        module = self.module(module_name)
        if not self._follow(module, name):
            raise ValueError(f"{module_name} does not define {name}")
        self._call_methods()

    @functools.cache  # noqa: B019 - a search is short
    def path(self, module_name: str) -> Path | None:
        """The file of a module of this repository."""
        base = self.root.joinpath(*module_name.split("."))
        return next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()), None)

    def module(self, name: str) -> _Module:
        if name not in self.modules:
            self.modules[name] = _Module(name, self.path(name))
        return self.modules[name]

    def _follow(self, module: _Module, name: str) -> bool:
        """Keep what a name refers to in a module; returns whether it refers to anything."""
        for place in module.defined.get(name, []):
            if place not in module.kept:
                module.kept.add(place)
                self._scan(module, module.tree.body[place])
        if name in module.imports:
            module.used.add(name)
            self._import(*module.imports[name])
        return name in module.defined or name in module.imports

    def _import(self, module_name: str, name: str | None) -> None:
        top = module_name.split(".")[0]
        if top not in OURS:
            self.others |= {top} - sys.stdlib_module_names
        elif name is not None and self.path(f"{module_name}.{name}") is None:
            self.need(module_name, name)  # of an imported module only the mentioned parts are kept

    def _scan(self, module: _Module, node: ast.AST) -> None:
        """Follow every name below a node; the methods of a class wait until they are called."""
        aliases = dict(module.imports)
        for inner in _below(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                for bound in module.bound(inner).items():
                    aliases[bound[0]] = bound[1]
                    self._import(*bound[1])
        for inner in _below(node):
            if isinstance(inner, ast.Name):
                if inner.id in module.defined or inner.id in module.imports:
                    self._follow(module, inner.id)
            elif isinstance(inner, ast.Attribute):
                self.attributes.add(inner.attr)
                self._attribute(aliases, inner)
        if isinstance(node, ast.ClassDef):
            self._waiting += [(module, method) for method in _methods(node)]

    def _attribute(self, aliases: dict, node: ast.Attribute) -> None:
        """Follow `module.name` if the module is one of ours."""
        if isinstance(node.value, ast.Name) and node.value.id in aliases:
            parent, name = aliases[node.value.id]
            full = parent if name is None else f"{parent}.{name}"
            if full.split(".")[0] in OURS and self.path(full) is not None:
                self.need(full, node.attr)

    def _call_methods(self) -> None:
        called = True
        while called:
            called = [one for one in self._waiting if one[1].name in self.attributes]
            self._waiting = [one for one in self._waiting if one not in called]
            for module, method in called:
                self._scan(module, method)


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module defines; nothing for imports."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in targets:
        yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """The methods that are called by name; those with two underscores are called by Python itself."""
    return [one for one in node.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("__")]


def _below(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement; for a class, without the methods that are called by name."""
    skipped = set(map(id, _methods(node))) if isinstance(node, ast.ClassDef) else set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [child for child in ast.iter_child_nodes(one) if id(child) not in skipped]


def _first_line(node: ast.stmt) -> int:
    """The first line, decorators included."""
    return min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])


def _rewritten(module: _Module, node, aliases: list[ast.alias], names: dict[str, str]) -> str:
    """An import of some names, made relative for our own modules."""
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(aliases))
    lines = []
    for alias in aliases:
        bound = {alias.asname or alias.name}
        ((target, name),) = [value for key, value in module.bound(node).items() if key in bound]
        if target.split(".")[0] not in OURS:
            lines.append(ast.ImportFrom(target, [alias], 0))
        elif (full := f"{target}.{name}") in names:
            renamed = alias.asname or (name if name != names[full] else None)
            lines.append(ast.ImportFrom(None, [ast.alias(names[full], renamed)], 1))
        elif target in names:
            lines.append(ast.ImportFrom(names[target], [alias], 1))
    merged = {}
    for line in lines:
        merged.setdefault((line.module, line.level), []).extend(line.names)
    indent = "\n" + " " * node.col_offset
    return indent.join(_written(source, level, found) for (source, level), found in merged.items())


def _written(source: str | None, level: int, aliases: list[ast.alias]) -> str:
    """`from source import names`, on several lines if it is long."""
    line = ast.unparse(ast.ImportFrom(source, aliases, level))
    if len(line) <= LONGEST_LINE:
        return line
    names = "".join(f"    {ast.unparse(alias)},\n" for alias in aliases)
    return f"from {'.' * level}{source or ''} import (\n{names})"
