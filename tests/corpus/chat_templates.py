"""Chat templates in the manner of popular model families, written for this corpus."""

from __future__ import annotations

INSTRUCT = """\
{{- bos_token }}
{%- set state = namespace(system='', tools=false) %}
{%- for message in messages if message['role'] == 'system' %}
    {%- set state.system = state.system + message['content'] | trim + '\\n' %}
{%- endfor %}
{%- for message in messages if message['role'] != 'system' %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Roles must take turns: user, assistant, user, and so on.') }}
    {%- endif %}
    {%- if message['role'] == 'user' %}
        {{- '[INST] ' + (state.system if loop.first else '') + message['content'] | trim + ' [/INST]' }}
    {%- elif message['role'] == 'assistant' %}
        {{- ' ' + message['content'] | trim + eos_token }}
    {%- else %}
        {{- raise_exception('Unknown role: ' + message['role']) }}
    {%- endif %}
{%- endfor %}
"""

CHATML = """\
{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}\
{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}\
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

TOOLS = """\
{%- macro describe(spec, depth=0) -%}
    {%- if spec.type is string and spec.type == 'object' -%}
        {{- '{' }}
        {%- for key, value in spec.properties.items() -%}
            {{- key }}{{ '' if key in (spec.required or []) else '?' }}: {{ describe(value, depth + 1) }}
            {%- if not loop.last %}, {% endif -%}
        {%- endfor -%}
        {{- '}' }}
    {%- elif spec.enum is defined -%}
        {{- spec.enum | map('tojson') | join(' | ') }}
    {%- elif spec.type == 'array' -%}
        {{- describe(spec['items'], depth + 1) ~ '[]' }}
    {%- else -%}
        {{- spec.type | default('any') }}
    {%- endif -%}
{%- endmacro -%}
{%- if date_string is not defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now('%d %b %Y') %}
    {%- else %}
        {%- set date_string = '26 Jul 2024' %}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(last_query=messages | length - 1, open=true) %}
{%- for message in messages[::-1] %}
    {%- if ns.open and message.role == 'user' and message.content is string %}
        {%- set ns.open = false %}
        {%- set ns.last_query = messages | length - 1 - loop.index0 %}
    {%- endif %}
{%- endfor %}
{{- '<|header|>system<|end|>\\nToday: ' ~ date_string }}
{%- if tools is not none and tools is iterable %}
    {{- '\\nYou can call these functions:\\n' }}
    {%- for tool in tools %}
        {%- set function = tool.function if tool.function is defined else tool %}
        {%- set note = function.description | replace('\\n', ' ') %}
        {{- function.name ~ '(' ~ describe(function.parameters) ~ ') // ' ~ note }}
        {{- '\\n' ~ tool | tojson(indent=2) }}
    {%- endfor %}
{%- endif %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = message.content | selectattr('type', 'equalto', 'text') | map(attribute='text') | join('') %}
    {%- endif %}
    {%- if message.role == 'assistant' and message.tool_calls %}
        {%- for call in message.tool_calls %}
            {{- '<call>' ~ {'name': call.function.name, 'arguments': call.function.arguments} | tojson ~ '</call>' }}
        {%- endfor %}
    {%- elif '</think>' in content and loop.index0 < ns.last_query %}
        {{- content.split('</think>')[-1].lstrip('\\n') }}
    {%- else %}
        {{- '<|' ~ message['role'] | upper ~ '|>' ~ content.strip() ~ eos_token }}
    {%- endif %}
    {%- if loop.previtem is defined and loop.previtem.role == message.role %}
        {%- continue %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|ASSISTANT|>' }}{%- endif %}
"""

GENERATION = """\
{%- for message in messages %}
{%- if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}
{%- else %}{{ message['content'] }}{%- endif %}
{%- endfor %}
"""

ZEPHYR = """\
{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""
