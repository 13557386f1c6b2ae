"""What attackers write into templates: expressions, statements and lexical tricks. None of it may ever be compiled."""

from __future__ import annotations

EXPRESSIONS = """
''.__class__
''.__class__.__mro__[1].__subclasses__()
"".__class__.__base__
().__class__.__bases__[0].__subclasses__()
[].__class__.__base__
{}.__class__
first_name.__class__
first_name.__init__.__globals__
first_name.__class__.__mro__
first_name['__class__']
first_name["__class__"]["__mro__"]
first_name[0]
first_name[:1]
first_name.format
first_name.format(last_name)
'{0.__class__}'.format(first_name)
"%s"|format(first_name)
first_name|attr("__class__")
first_name|attr('__init__')|attr('__globals__')
first_name|map(attribute='__class__')
first_name|map('upper')
first_name|select
first_name|list
first_name|string
first_name|safe
first_name|escape
first_name|e
first_name|forceescape
first_name|tojson
first_name|pprint
first_name|xmlattr
first_name|urlize
first_name|format
first_name|replace('a','b')
first_name|replace
first_name|default('x')
first_name|d('x', true)
first_name|join
first_name|random
first_name|sort
first_name|batch(3)
first_name|groupby('x')
first_name|center(100000000)
first_name|indent
first_name|wordwrap
first_name|striptags
first_name|upper(1)
first_name|upper|attr('x')
first_name|first
first_name|last
first_name|length
first_name|int
first_name|float
first_name|filesizeformat
first_name|truncate(9)
config
config.items()
self
self.__init__
self._TemplateReference__context
self|attr('_TemplateReference__context')
request
request.application.__globals__
request|attr('application')
lipsum
lipsum.__globals__
lipsum.__globals__['os'].popen('id').read()
lipsum|attr('__globals__')
cycler
cycler.__init__.__globals__.os.popen('id').read()
cycler('a','b')
joiner
joiner.__init__.__globals__.os
namespace
namespace.__init__.__globals__
namespace()
range(10)
range(999999999)
dict(a=1)
dict.__base__
get_flashed_messages.__globals__
url_for.__globals__
__import__('os').system('id')
__builtins__
__class__
_
eval('1')
exec
open('/etc/passwd').read()
g
session
loop
loop.index
caller()
varargs
kwargs
super()
true
false
none
True
None
7
7*7
7//0
-1
+1
1.5
2**64
9999999999**9999999999
'a'
"a"
'a'~'b'
first_name~last_name
first_name + last_name
first_name * 100000000
'a' * 100000000
first_name == last_name
first_name < last_name
first_name and last_name
not first_name
first_name or last_name
first_name if last_name
first_name if last_name else email
first_name in last_name
first_name not in last_name
first_name is defined
first_name is string
first_name is sameas(last_name)
first_name, last_name
(first_name, last_name)
[first_name]
[first_name, last_name]
{'a': first_name}
{first_name}
first_name()
first_name(last_name)
first_name.upper()
first_name.last_name
x.y.z
*first_name
**first_name
first_name := last_name
lambda: 1
first_name for first_name in last_name
first_name;last_name
first_name # comment
first_name last_name
|upper
first_name|
first_name||upper
first_name|upper|
first_name|Upper
first_name|nosuchfilter
..
.
()
(first_name
first_name)
((((((((((first_name))))))))))
\\x61
first\u200bname
fırst_name
＿＿class＿＿
first_name\u2028
unknown_field
answer_
answer_Upper
answer_1x
ANSWER_x
first_name.0
@first_name
$first_name
`id`
#{first_name}
${first_name}
%(first_name)s
first_name!r
first_name:>99999999
""".strip().split("\n")

STATEMENTS = """
{% for x in first_name %}{{ x }}{% endfor %}
{% for x in range(9) %}a{% endfor %}
{% for x in ().__class__.__base__.__subclasses__() %}a{% endfor %}
{% for x in first_name recursive %}{{ loop(x) }}{% endfor %}
{% for %}{% endfor %}
{% set x = first_name %}
{% set x %}a{% endset %}
{% set ns = namespace() %}
{% set first_name = last_name %}
{% set x = cycler.__init__.__globals__ %}
{% macro m() %}a{% endmacro %}
{% macro first_name() %}a{% endmacro %}
{% call m() %}a{% endcall %}
{% call(user) dump() %}a{% endcall %}
{% include 'letter_v1.html' %}
{% include first_name %}
{% import 'a' as b %}
{% from 'a' import b %}
{% extends 'base.html' %}
{% extends first_name %}
{% block a %}a{% endblock %}
{% filter upper %}a{% endfilter %}
{% filter attr('__class__') %}a{% endfilter %}
{% with %}a{% endwith %}
{% with x = first_name %}{{ x }}{% endwith %}
{% autoescape false %}{{ first_name }}{% endautoescape %}
{% raw %}{{ first_name }}{% endraw %}
{% do first_name %}
{% do first_name.append(1) %}
{% debug %}
{% trans %}a{% endtrans %}
{% break %}
{% continue %}
{% print first_name %}
{% else %}
{% endif %}
{% elif first_name %}
{% if first_name %}
{% if first_name %}{% if last_name %}{% endif %}
{% if first_name %}{% else %}{% else %}{% endif %}
{% if first_name %}{% else %}{% elif last_name %}{% endif %}
{% if %}a{% endif %}
{% if first_name == 'a' %}a{% endif %}
{% if first_name is defined %}a{% endif %}
{% if (first_name %}a{% endif %}
{% if first_name and %}a{% endif %}
{% if not %}a{% endif %}
{% if first_name|upper %}a{% endif %}
{% if first_name.x %}a{% endif %}
{% if first_name() %}a{% endif %}
{% if x = 1 %}a{% endif %}
{% if lipsum %}a{% endif %}
{% if 1 %}a{% endif %}
{% if true %}a{% endif %}
{% endif first_name %}
{% if first_name %}a{% else first_name %}b{% endif %}
{% if first_name %}a{% endif first_name %}
{% IF first_name %}a{% ENDIF %}
{% iffirst_name %}a{% endif %}
{%%}
{% %}
{% 7 %}
{% first_name %}
{%- if first_name %}a{% endif %}
{%+ if first_name %}a{% endif %}
{% if first_name -%}a{% endif %}
{% if first_name +%}a{% endif %}
{{- first_name }}
{{+ first_name }}
{{ first_name -}}
{{ first_name +}}
{# a comment #}
{#- {{ first_name }} -#}
{# never closed
{{ first_name
{{ first_name }
{{ first_name %}
{{{ first_name }}}
{{{{ first_name }}}}
{{ {{ first_name }} }}
{{ {% if first_name %} }}
{% if {{ first_name }} %}a{% endif %}
{%{% if first_name %}%}
{{%
{%{{
{{}}
{{ }}
{{\t}}
{{ <b>first_name</b> }}
{{ first_<i>name</i> }}
{% if <b>first_name</b> %}a{% endif %}
{{ first_name }}{{ __class__ }}
<a href="{{ x.y }}">a</a>
<!-- {{ x.y }} -->
{{ "}}" }}
{{ '{{' }}
{{ "%}" }}
{% if "%}" %}a{% endif %}
{{ first_name\x00 }}
\x00
a\x1bb
a\ud800b
""".strip("\n").split("\n")

SHAPES = (
    "(" * 9 + "first_name" + ")" * 9,
    "not " * 60 + "first_name",
    "first_name|" + "upper|" * 60 + "upper",
    "a" * 250,
)

NESTED = "{% if first_name %}" * 500 + "a" + "{% endif %}" * 500
MANY = "{{ first_name }}" * 1001
LONG = "a" * 60_001


def payloads() -> list[str]:
    """Every payload once: expressions where fields stand and where conditions stand, and the rest as it is."""
    prints = [f"{{{{ {expression} }}}}" for expression in EXPRESSIONS + list(SHAPES[:3])]
    allowed_in_tests = ("first_name and last_name", "not first_name", "first_name or last_name")
    tests = [f"{{% if {one} %}}a{{% endif %}}" for one in EXPRESSIONS if one not in allowed_in_tests]
    plain = [statement.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass") for statement in STATEMENTS]
    return list(dict.fromkeys([*prints, *tests, *plain, "{{ " + SHAPES[3] + " }}", NESTED, MANY, LONG]))
