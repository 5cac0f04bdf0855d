"""``violet completion``: completions for shells, made from the commands' own arguments."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from violet.faces.cli.main import COMMANDS
from violet.faces.cli.parser import Parser

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = "Print completions for a shell."

EXAMPLES = """  eval "$(violet completion bash)"                                in ~/.bashrc
  eval "$(violet completion zsh)"                                 in ~/.zshrc
  violet completion fish > ~/.config/fish/completions/violet.fish"""


INSTEAD = {"gate": ("init",), "bom": ("diff", "merge")}
"""Words that may stand where a path does."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(arguments: Namespace, _command_line: list[str]) -> int:
    words = {name: _words(_parser(name), name) for name, _ in COMMANDS}
    makers = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    print(makers[arguments.shell](words), end="")
    return 0


def _parser(name: str) -> Parser:
    parser = Parser(prog=f"violet {name}")
    import_module(f"violet.faces.cli.commands.{name}").add_arguments(parser)
    return parser


def _words(parser: Parser, name: str) -> list[str]:
    """Options and fixed words of a command."""
    found: list[str] = list(INSTEAD.get(name, ()))
    for action in parser._actions:
        found.extend(action.option_strings or [str(choice) for choice in action.choices or ()])
    return sorted(found)


def _bash(words: dict[str, list[str]]) -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(options)}" ;;' for name, options in words.items())
    values = "\n".join(
        f'    "{name} {option}") words="{" ".join(map(str, action.choices or ()))}" ;;'
        for name in words
        for action in _parser(name)._actions
        for option in (action.option_strings if action.choices else ())
    )
    return f"""_violet() {{
  local words current=${{COMP_WORDS[COMP_CWORD]}}
  case ${{COMP_WORDS[1]}} in
{cases}
    *) words="" ;;
  esac
  case "${{COMP_WORDS[1]}} ${{COMP_WORDS[COMP_CWORD-1]}}" in
{values}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="{" ".join(words)} --help --version"; fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _violet violet
"""


def _zsh(words: dict[str, list[str]]) -> str:
    return "autoload -U +X bashcompinit && bashcompinit\n" + _bash(words).replace(
        'mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")',
        'COMPREPLY=($(compgen -W "$words" -- "$current"))',
    )


def _fish(words: dict[str, list[str]]) -> str:
    lines = [f"complete -c violet -n __fish_use_subcommand -a {name} -d '{summary}'" for name, summary in COMMANDS]
    for name, options in words.items():
        seen = f"'__fish_seen_subcommand_from {name}'"
        for option in options:
            what = (
                f"-l {option[2:]}"
                if option.startswith("--")
                else f"-s {option[1:]}"
                if option[0] == "-"
                else f"-a {option}"
            )
            lines.append(f"complete -c violet -n {seen} {what}")
    return "\n".join(lines) + "\n"
