"""Programs of Workerman 3, 4 and 5 find the names that they use: names.txt has a line each, with the value of a constant and the parameters of a method."""
import collections
import pathlib
import re

import pytest

NAMES = collections.defaultdict(list)
for line in (pathlib.Path(__file__).parent / "names.txt").read_text().splitlines():
    NAMES[line.split(" ", 1)[0]].append(line.split(" ", 1)[1])


def parameters(signature):
    return [word for word in re.search(r"\((.*)\)", signature)[1].split(", ") if word]


def fits(wanted, there):
    """A method may have more parameters, which are optional, and may let more of them be left out."""
    if "(" not in wanted or " = " in wanted:
        return wanted == there
    wants, has = parameters(wanted), parameters(there)
    if '(' not in there:
        return False
    same = all(want.rstrip("?") == have.rstrip("?") and want.count("?") <= have.count("?") for want, have in zip(wants, has, strict=False))
    return same and len(wants) <= len(has) and all("?" in more for more in has[len(wants):])


def key(member):
    return re.split(r"\(| = ", member)[0].lower()


@pytest.fixture(scope="module")
def there(shared_program):
    program = shared_program("names", ports=0)
    result = program.command(*NAMES)
    assert result.code == 0, result
    found = collections.defaultdict(dict)
    for line in result.out.splitlines():
        name, member = line.split(" ", 1)
        found[name][key(member)] = member
    return found


@pytest.mark.parametrize("name", NAMES)
def test_class__has_what_programs_use(there, name):
    assert [(wanted, there[name].get(key(wanted))) for wanted in NAMES[name] if not fits(wanted, there[name].get(key(wanted), ""))] == []


OF_VERSION_4 = ["Worker", "WebServer", "Connection\\TcpConnection", "Connection\\AsyncTcpConnection", "Protocols\\Http\\Request",
                "Protocols\\Http\\Response", "Protocols\\Http\\Session", "Protocols\\Http\\Session\\FileSessionHandler"]


def override(member):
    """A method of a subclass that is written for Workerman 3 or 4: without types."""
    head, *_ = member.split("(")
    static, name = ("static ", head.split()[1]) if head.startswith("static ") else ("", head)
    return f"public {static}function {name}({', '.join(word.replace('?', ' = null') for word in parameters(member))}) {{ }}"


@pytest.mark.parametrize("name", OF_VERSION_4)
def test_subclass__of_version_4_may_override_each_method(evaluate, name):
    members = [member for member in NAMES[f"Workerman\\{name}"] if "(" in member and " = " not in member and "$" not in member.split("(")[0]
               and not re.match(r"(static )?(__|jsonSerialize)", member)]
    assert members
    methods = "\n".join(override(member) for member in members)
    assert evaluate(f"class Of4 extends Workerman\\{name}\n{{\n{methods}\n}}\nreturn get_parent_class('Of4');") == f"Workerman\\{name}"
