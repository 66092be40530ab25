"""Three patterns that g++ 12 miscompiles in a coroutine, each found in the full expression that has a
co_await (docs/architecture.md section 5):

  1. a lambda with captures in it: destroyed twice
  2. a braced temporary in it: destroyed twice or not at all
  3. ?: with a co_await in it: the temporary of the branch not taken is destroyed

The cure is the same for all: name the value before the co_await.
"""
import re

import cpp_text

CAPTURING_LAMBDA = re.compile(r"(?<![\w\])])\[(?!\[)\s*[^\]\s][^\]]*\]\s*(?:\(|\{|<|mutable\b)")
BRACED = re.compile(r"(?:[A-Za-z_]\w*(?:<[^;{}()]*>)?|[(,])\s*\{")
AFTER_RETURN = re.compile(r"\b(?:return|co_return)\s*$")


def find(code):
    """Yields (line, complaint); code has its comments and literals blanked."""
    for match in re.finditer(r"\bco_await\b", code):
        start, end = full_expression(code, match.start(), match.end())
        expression = code[start:end]
        line = cpp_text.line_of(code, match.start())
        if CAPTURING_LAMBDA.search(expression):
            yield line, "a lambda with captures in the same expression as co_await; name it first"
        bare = without_lambda_bodies(expression)
        if BRACED.search(bare):
            yield line, "a braced temporary in the same expression as co_await; name it first"
        if re.search(r"\?(?!\?)", bare):
            yield line, "?: in the same expression as co_await; use if"


def full_expression(code, await_start, await_end):
    return go_back(code, await_start), go_forward(code, await_end)


def go_back(code, position):
    depth = 0
    while position > 0:
        char = code[position - 1]
        if char in ")]":
            depth += 1
        elif char in "([":
            depth -= 1
        elif char == "}":
            if depth == 0 and not re.match(r"\s*[),.;}]", code[position:]):
                break
            depth += 1
        elif char == "{":
            if depth <= 0 and not opens_initialiser(code, position - 1):
                break
            depth -= 1
        elif char == ";" and depth <= 0:
            break
        position -= 1
    return position


def opens_initialiser(code, brace):
    """T{co_await x} and f({co_await x}) are part of the expression; a block is not."""
    before = code[:brace].rstrip()
    if before.endswith(("(", ",", "=", "return")):
        return True
    word = re.search(r"([A-Za-z_][\w:]*|>)$", before)
    if not word or word.group(1) in ("else", "do", "try", "const", "noexcept", "mutable", "override"):
        return False
    # A name after "-> " or "struct" opens a body.
    return not re.search(r"(?:->|struct|class|namespace)\s*[\w:<>, ]*$", before)


def go_forward(code, position):
    depth = 0
    while position < len(code):
        char = code[position]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                # Still inside an enclosing call: the full expression goes on to its semicolon.
                if char == "}":
                    following = code[position + 1:].lstrip()[:1]
                    if following not in (")", ",", ".", ";", "}"):
                        break
                if char == ")" and closes_condition(code, position):
                    break
                position += 1
                continue
            depth -= 1
        elif char == ";" and depth == 0:
            break
        elif char == "{" and depth == 0:
            break
        position += 1
    return position


def closes_condition(code, position):
    """Whether this parenthesis ends the head of an if, while, for or switch."""
    depth = 0
    for index in range(position, -1, -1):
        depth += {")": 1, "(": -1}.get(code[index], 0)
        if depth == 0:
            return re.search(r"\b(?:if|while|for|switch)\s*(?:constexpr\s*)?$", code[:index]) is not None
    return False


def without_lambda_bodies(expression):
    """What stands inside a lambda's own body is not part of this full expression."""
    out, index = [], 0
    while index < len(expression):
        if expression[index] == "{" and cpp_text.is_lambda("".join(out).rstrip()):
            end = cpp_text.closing(expression, index, "{", "}")
            index = len(expression) if end < 0 else end + 1
            out.append(" ")
            continue
        out.append(expression[index])
        index += 1
    return "".join(out)
