"""C++ as text: enough structure for check_form.py without a compiler.

blank() removes comments and literals and keeps every line where it was; functions() finds function
bodies and their parameters by what stands before each brace. These are heuristics for this house's
style (clang-format has run); the self-test shows that they see real breaks.
"""
import re
from dataclasses import dataclass

LITERALS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*'", re.DOTALL)
CONTROL = re.compile(r"^(?:if|else|for|while|do|switch|try|catch)\b")
TYPE = re.compile(r"^(?:(?:struct|class|enum|union|namespace|concept)\b|extern\s*\"|inline\s+namespace\b)")
TRAILERS = {"const", "noexcept", "override", "final", "mutable", "try", "constexpr"}


@dataclass
class Function:
    name: str
    line: int
    lines: int
    nesting: int


@dataclass
class Signature:
    name: str
    line: int
    parameters: int


def blank(text):
    """Comments and literals become spaces (literals keep their quotes), newlines stay."""
    def replace(match):
        body = match.group()
        spaces = re.sub(r"[^\n]", " ", body)
        return spaces if body[0] == "/" else '"' + spaces[1:-1] + '"'
    code = LITERALS.sub(replace, text)
    # A macro without a semicolon must not become part of the next function's head.
    code = re.sub(r"\b(BOOST_\w+_TEST_SUITE(?:_END)?\([^()\n]*\))[ \t]*$", r"\1;", code,
                  flags=re.MULTILINE)
    # Preprocessor lines have no braces that count.
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  code, flags=re.MULTILINE)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def strip_prefixes(head):
    """Without attributes, template<...> and access labels, which say nothing about the kind."""
    head = re.sub(r"\[\[.*?\]\]", " ", head, flags=re.DOTALL)
    head = re.sub(r"^\s*(?:(?:public|private|protected)\s*:\s*)+", "", head)
    head = head.strip()
    while head.startswith("template"):
        start = head.find("<")
        depth, index = 0, start
        while 0 <= index < len(head):
            depth += {"<": 1, ">": -1}.get(head[index], 0)
            index += 1
            if depth == 0:
                break
        head = head[index:].strip()
    return head


def closing(text, start, open_char="(", close_char=")"):
    depth = 0
    for index in range(start, len(text)):
        depth += {open_char: 1, close_char: -1}.get(text[index], 0)
        if depth == 0:
            return index
    return -1


def signature_of(head):
    """(name, parameter count) of a function's head, or None."""
    head = strip_prefixes(head)
    head = re.sub(r"^requires\b[^{;]*?\n", "", head)
    for match in re.finditer(r"(operator\s*(?:\(\s*\)|[^\s\w(]+|[\w:<>]+)|~?[A-Za-z_]\w*)\s*\(", head):
        name = match.group(1)
        if name in ("requires", "noexcept", "decltype", "explicit", "alignas", "sizeof"):
            continue
        start = match.end() - 1
        end = closing(head, start)
        if end < 0:
            return None
        if re.match(r"\s*[>,]", head[end + 1:]):
            continue  # a function's type in a list of template arguments
        return name, count_parameters(head[start + 1:end])
    return None


def count_parameters(text):
    if text.strip() in ("", "void"):
        return 0
    depth, count = 0, 1
    for index, char in enumerate(text):
        if char in "([{" or (char == "<" and re.search(r"\w$", text[:index])):
            depth += 1
        elif char in ")]}" or (char == ">" and depth > 0 and text[index - 1] != "-"):
            depth -= 1
        elif char == "," and depth == 0:
            count += 1
    return count


def kind_of(head, scope, text, position):
    """What a brace opens: namespace-or-type, function, lambda, control or init."""
    stripped = strip_prefixes(head)
    before = stripped.rstrip()
    inside = scope in ("function", "lambda", "control")
    if re.search(r"\][^\[\]]*$", before) and is_lambda(before):
        return "lambda"
    if inside:
        if CONTROL.match(before) or re.match(r"^(?:case\b.*|default\s*):$", before) or before == "":
            return "control"
        return "type" if TYPE.match(before) and "(" not in before else "init"
    if scope == "init":
        return "init"
    if TYPE.match(before) and not re.search(r"=\s*$", before):
        return "type"
    if before.count("(") != before.count(")") or before.endswith(("=", ",", "return")):
        return "init"
    if signature_of(head) is None or re.search(r"(?<![=!<>])=(?!=)(?!.*\boperator)", outside(before)):
        return "init"
    last = re.search(r"([A-Za-z_]\w*)$", before)
    in_initialisers = re.search(r"\)[^()]*(?<!:):(?!:)", strip_trailing_return(before))
    if last and last.group(1) not in TRAILERS and in_initialisers:
        return "init"
    return "function"


def outside(text):
    """The text with everything in parentheses removed (default arguments are not assignments)."""
    out, depth = [], 0
    for char in re.sub(r"operator\s*[^\s\w(]+", "operator", text):
        depth += char == "("
        if depth == 0:
            out.append(char)
        depth -= char == ")"
    return "".join(out)


def strip_trailing_return(text):
    return re.sub(r"->.*$", "", text, flags=re.DOTALL)


def is_lambda(before):
    """Whether the text ends like a lambda's head: [captures] (parameters) mutable -> type."""
    tail = re.search(r"\[[^\[\]]*\]\s*(?:<[^;{}]*>)?\s*(\(.*)?$", before, re.DOTALL)
    if not tail:
        return False
    start = tail.start()
    if re.search(r"[\w\])]\s*$", before[:start]) and not re.search(r"\b(?:return|co_return|co_await)\s*$",
                                                                   before[:start]):
        return False
    if tail.group(1) is None:
        return True
    end = closing(before, tail.start(1))
    rest = before[end + 1:] if end >= 0 else "("
    return end >= 0 and re.fullmatch(r"\s*(?:mutable|noexcept|constexpr|\s|->[\s\w:<>,*&]+)*", rest) is not None


def structure(text):
    """Functions with a body, and every signature at namespace or class level."""
    code = blank(text)
    functions, signatures, stack = [], [], []
    head_start = 0
    paren = 0
    for index, char in enumerate(code):
        if char in "()":
            paren += 1 if char == "(" else -1
        scope = stack[-1][0] if stack else "type"
        if char == "{":
            head = code[head_start:index]
            kind = kind_of(head, scope, code, index)
            stack.append((kind, head_start, paren))
            if kind != "init":
                if kind == "function":
                    signatures.append(to_signature(code, head_start, head))
                    functions.append([head_start, index, 0, head])
                if kind in ("control", "lambda") and functions and isinstance(functions[-1], list):
                    depth = sum(1 for entry in stack if entry[0] in ("control", "lambda"))
                    functions[-1][2] = max(functions[-1][2], depth)
                head_start = index + 1
                paren = 0
        elif char == "}" and stack:
            kind, start, paren = stack.pop()
            if kind == "function":
                close_function(code, functions, index)
            # After a lambda or an initialiser the statement goes on.
            head_start = start if kind in ("init", "lambda") else index + 1
        elif char == ";" and paren == 0 and scope != "init":
            if scope == "type":
                found = to_signature(code, head_start, code[head_start:index])
                if found and "=" not in outside(strip_prefixes(code[head_start:index])).replace("= 0", ""):
                    signatures.append(found)
            head_start = index + 1
    return [entry for entry in functions if isinstance(entry, Function)], \
        [found for found in signatures if found]


def close_function(code, functions, end):
    for place in range(len(functions) - 1, -1, -1):
        entry = functions[place]
        if isinstance(entry, list):
            start = entry[0] + len(entry[3]) - len(entry[3].lstrip())
            found = signature_of(entry[3])
            functions[place] = Function(found[0] if found else "?", line_of(code, start),
                                        line_of(code, end) - line_of(code, start) + 1, entry[2])
            return


def to_signature(code, start, head):
    found = signature_of(head)
    if not found or re.match(r"^(?:static_assert|using|BOOST_\w+|friend\s+class)\b", strip_prefixes(head)):
        return None
    first = start + len(head) - len(head.lstrip())
    return Signature(found[0], line_of(code, first), found[1])
