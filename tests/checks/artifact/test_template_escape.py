"""Templates that reach out, and the templates of popular models' kinds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes, rules
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/template-escape"
CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def positive(directory: Path) -> Path:
    path = directory / "chat_template.jinja"
    path.write_text('{{ lipsum.__globals__["os"].popen("id").read() }}')
    return path


def benign(directory: Path) -> Path:
    path = directory / "chat_template.jinja"
    path.write_text(CHATML)
    return path


ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ x|attr('__cl' ~ 'ass__') }}",
    "{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ x|attr('\\u005f\\u005fclass\\u005f\\u005f') }}",
    "{% set a = '__cla' %}{% set b = 'ss__' %}{{ x[a + b] }}",
    "{{ x|attr(['__', 'class', '__']|join) }}",
    "{{ x|attr('%s%s'|format('__cla', 'ss__')) }}",
    "{{ x|attr('%c%c'|format(95, 95) ~ 'class__') }}",
    "{{ ()|attr('__ssalc__'[::-1]) }}",
    "{{ ()|attr('__ssalc__'|reverse) }}",
    "{{ x|attr(dict(__cla=1, ss__=2)|join) }}",
    "{{ x|attr('__cXlass__'|replace('X', '')) }}",
    "{% set s = ['__class__'] %}{{ x|attr(s[0]) }}",
    "{{ [x]|map(attribute='__class__')|list }}",
    "{{ [x]|map('attr', '__class__')|list }}",
    "{{ messages|groupby('__class__') }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ self._TemplateReference__context }}",
    "{% macro f(o) %}{{ o.__class__ }}{% endmacro %}",
    "{% filter attr('__class__') %}x{% endfilter %}",
    "{{ x.f.gi_frame.f_back }}",
    "{{ x|attr(request.args.c) }}",
    "{{ x.popen('id') }}",
    "{{ lipsum.anything }}",
    "{% include '/etc/passwd' %}",
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{{ 'A' * 10**10 }}",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_escapes_are_high(tmp_path: Path, text: str) -> None:
    path = tmp_path / "chat_template.jinja"
    path.write_text(text)
    found = [f for f in outcomes(path) if f.rule == RULE]
    assert max(f.severity for f in found) >= Severity.HIGH


def test_templates_inside_configurations(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({"chat_template": ESCAPES[0]}))
    assert RULE in rules(path)
    path.write_text(json.dumps({"chat_template": [{"name": "default", "template": ESCAPES[1]}]}))
    assert RULE in rules(path)
    path.write_text(json.dumps({"chat_template": [{"name": "default", "template": CHATML}]}))
    assert outcomes(path) == []


def test_words_of_a_template_that_cannot_be_parsed(tmp_path: Path) -> None:
    path = tmp_path / "chat_template.jinja"
    path.write_text("{{ x.__class__ }}{% if %}")
    assert {RULE, "artifact/template-unparsable"} <= rules(path)


BENIGN = [
    # the ways in which templates of widely used models are written, not those templates
    (
        "{%- set ns = namespace(found=false) -%}{%- for m in messages -%}{%- if m.role == 'tool' -%}"
        "{%- set ns.found = true -%}{%- endif -%}{%- endfor -%}{{ ns.found }}"
    ),
    "{{- bos_token }}{%- if strftime_now is defined %}{%- set date = strftime_now('%d %b %Y') %}{%- endif %}{{ date }}",
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}",
    "{% set content = message.content.split('</think>')[-1].lstrip('\\n') %}{{ content }}",
    "{%- for tool in tools %}{{ tool | tojson(indent=4) }}{%- endfor %}",
    "{% for m in messages|selectattr('role', 'equalto', 'user') %}{{ m['content']|trim }}{% endfor %}",
    (
        "{%- macro render(tool) -%}{%- for name, p in tool.parameters.properties.items() -%}{{ name }}: {{ p.type }}"
        "{%- endfor -%}{%- endmacro -%}{{ render(tools[0]) }}"
    ),
    "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
    (
        "{%- if message.content is string %}{{ message.content }}{%- else %}{%- for c in message.content %}"
        "{%- if c.type == 'image' %}<image>{%- elif 'text' in c %}{{ c.text }}{%- endif %}{%- endfor %}{%- endif %}"
    ),
    "{% if m.content.startswith('<tool_response>') and m.content.endswith('</tool_response>') %}x{% endif %}",
    "Documentation: __class__ and os.popen are names that this text only mentions.",
]


@pytest.mark.parametrize("text", BENIGN)
def test_usual_constructions_are_silent(tmp_path: Path, text: str) -> None:
    path = tmp_path / "chat_template.jinja"
    path.write_text(text)
    assert outcomes(path) == []
