"""What our parser and node's make of the same bytes, where they differ, and why: one rule for each difference that is meant.

A rule says what each side did with the first request that they see differently, and what has to stand in the bytes for it to be that rule.
"""
import re
from dataclasses import dataclass

from http_outcomes import CONNECT_ANSWERED

TAKEN, TUNNEL, QUIET = "taken", "tunnel", "quiet"  # or the text of a refusal
OTHERWISE = "another "  # both took it; node saw another of these
PARTS = ("method", "target", "version", "fields", "body")
LINE = rb"(?:^|[\r\n])"  # where a line begins
REQUEST = LINE + rb"[!#-9;-~]+ "  # a method, and the space behind it
AUTHORITY = rb"(?:\[::1\]|[\w.-]+)(?::(?:[1-5]?\d{0,4}|6[0-5]\d{3}))?"


@dataclass
class Rule:
    name: str
    ours: tuple  # how what we did may begin
    theirs: tuple  # how what node did may begin
    evidence: bytes = b""  # an expression that the bytes have

    def __post_init__(self):
        self.expression = re.compile(self.evidence, re.DOTALL)

    def fits(self, data, ours, theirs):
        return ours.startswith(self.ours) and theirs.startswith(self.theirs) and self.expression.search(data) is not None


def stricter(ours, evidence, name):
    """We refuse what node takes, or would take with more bytes; the section of the RFC is in our text."""
    return Rule(name, (ours,), (TAKEN, QUIET), evidence)


RULES = [
    # node's server, beside its parser
    Rule("RFC 9110 9.3.6: node takes any CONNECT, without a look at its target, its Host and its body", ("RFC ",), (TUNNEL,), rb"CONNECT "),
    Rule("RFC 9110 7.8: an upgrade that is declined is ignored; node then loses what it has read behind the head", (TAKEN, "RFC "), (QUIET,),
         rb"(?i)upgrade:.*connection:.*upgrade|connection:.*upgrade.*upgrade:"),
    # We take what node refuses.
    Rule("RFC 9110 2.5: a higher minor version is served as 1.1", (TAKEN, TUNNEL), ("HPE_INVALID_VERSION",), rb" HTTP/1\.[2-9]\r\n"),
    Rule("RFC 9110 6.5.1: a trailer is no header, so its Content-Length frames nothing", (TAKEN,),
         ("HPE_INVALID_CONTENT_LENGTH Content-Length can't", "HPE_UNEXPECTED_CONTENT_LENGTH"), rb"0[^\n]*\r\n.*(?i:content-length):"),
    Rule("RFC 9110 6.5.1: nor does its Transfer-Encoding", (TAKEN,), ("HPE_INVALID_TRANSFER_ENCODING",), rb"0[^\n]*\r\n.*(?i:transfer-encoding):"),
    Rule("RFC 9110 5.6.3: a tab is white space around a value, too", (TAKEN, TUNNEL, "RFC "),
         (TAKEN, QUIET, "HPE_INVALID_CONTENT_LENGTH Invalid", "HPE_INVALID_TRANSFER_ENCODING"),
         rb"(?i)(?:content-length|transfer-encoding|connection):[^\r\n]*\t"),
    Rule("RFC 9110 5.6.1.2: a list without elements expects nothing", (TAKEN, TUNNEL), ("EXPECTATION",), rb"(?i)expect:[ \t,]*\r\n"),
    Rule("RFC 9112 7.1.1: there may be white space around the parts of a chunk's extension", (TAKEN,),
         ("HPE_INVALID_CHUNK_SIZE", "HPE_STRICT Invalid character in chunk ext"), rb"[0-9a-fA-F]+[^\r\n]*(?:[ \t][;=]|[;=][ \t]|[ \t]\r)"),
    # Both take it, and see it differently.
    Rule("RFC 9112 3.2.2: the host of an absolute target replaces Host", (TAKEN,), (OTHERWISE + "Host",), rb"(?i) http://"),
    Rule("RFC 9112 9.3: a connection ends behind close, whatever else is asked for", (QUIET,), (TAKEN, "HPE_"), rb"(?i)connection:[^\r\n]*close"),
    Rule("RFC 9112 C.2.2: Proxy-Connection is no field of HTTP; node takes it for Connection", (TAKEN, "RFC "), (QUIET,),
         rb"(?i)proxy-connection: *close"),
    # We refuse what node takes.
    stricter("RFC 9112 §2.2: LF without CR", rb"(?i)(?<!\r)\n|content-length:", "a bare LF, possibly one whose CR ends a body"),
    stricter("RFC 9112 §2.2: CR without LF", rb"\r(?!\n)", "a bare CR"),
    stricter("RFC 9112 §2.2: too many empty lines", rb"(?:\r\n){4}\r", "empty lines before a request"),
    stricter("RFC 3986 §2.1: '%'", REQUEST + rb"[^ ]*%(?![0-9A-Fa-f]{2})", "'%' without two digits"),
    stricter("RFC 9112 §3.2: octet in the request target", REQUEST + rb"(?: |[^ ]*[^!$&-;=?-Z_a-z~% ]|\\*[^ ])", "an octet that no URI has"),
    stricter("RFC 9112 §3.2.2: the absolute target's scheme", REQUEST + rb"(?!(?i:https?):)", "a scheme that is not http"),
    stricter("RFC 9112 §3.2.4: the target \"*\"", LINE + rb"(?!OPTIONS)\S+ \*", "'*' without OPTIONS"),
    stricter("RFC 9110 §4.2: the absolute target needs host", rb"(?i) http://(?!" + AUTHORITY + rb"[/? ])",
             "an absolute target without a host, or with a user"),
    stricter("RFC 9110 §7.4: an https target", rb"(?i) https:", "https over a connection without TLS"),
    stricter("RFC 9112 §2.3: the request line must end", REQUEST + rb"[^ \r]+ (?!HTTP/\d\.\d\r\n)", "what stands behind the target is no version"),
    stricter("RFC 9110 §15.6.6: only major version 1", rb" HTTP/[02-9]\.\d", "another major version"),
    Rule("a method that node knows, and we do not", ("RFC 9110 §9.1: method not implemented", "RFC 9113 §3.4: "), (TAKEN, QUIET),
         LINE + rb"(?!(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH|CONNECT) )[!-~]+ "),
    stricter("RFC 9112 §3.2: more than one Host", rb"(?i)[\r\n]host:.*[\r\n]host:", "several Host"),
    stricter("RFC 9110 §7.2: Host must be", rb"(?i)[\r\n]host:(?![ \t]*" + AUTHORITY + rb"[ \t]*\r\n)", "a Host that is none"),
    stricter("RFC 9110 §7.6.1: Connection must be a list",
             rb"(?i)[\r\n]connection:[^\r\n]*(?:[^-\w\r\n, \t!#$%&'*+.^`|~]|[^,: \t][ \t]+[^, \t\r])", "options of Connection that are no tokens"),
    stricter("RFC 9110 §10.1.1: expectation", rb"(?i)[\r\n]expect:[ \t]*(?!100-continue[ \t]*\r\n)", "an expectation beside 100-continue"),
    stricter("RFC 9112 §6.1: Transfer-Encoding in an HTTP/1.0", rb"HTTP/1\.0.*(?i:transfer-encoding):", "chunks from HTTP/1.0"),
    stricter("RFC 9112 §6.1: empty element", rb"(?i)transfer-encoding:[ \t]*(?:,|\r)|,[ \t]*(?:,|\r)", "an empty transfer coding"),
    stricter("RFC 9112 §6.1: malformed Transfer-Encoding", rb"(?i)transfer-encoding:(?![ \t]*[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*[ \t]*\r)",
             "a transfer coding that is no token"),
    stricter("RFC 9112 §6.1: transfer coding not implemented", rb"(?i)transfer-encoding:(?![ \t]*chunked[ \t]*\r)", "another coding before chunked"),
    stricter("RFC 9112 §7.1: chunk size must be", rb"0{12}", "a chunk's size of more than 16 digits"),
    stricter("RFC 9112 §7.1.1: malformed chunk extension", rb"[0-9a-fA-F]+[ \t]*;", "an extension of a chunk that is malformed"),
    # Limits, which have names here
    stricter("RFC 6585 §5: ", rb"(?:[^\n]+\n){101}|[^\r\n]{16000}", "a longer head, or more fields"),
    stricter("RFC 9110 §15.5.14: body longer than max_message", rb"(?i)[0-9a-f]{7}|content-length:\s*\d{8}", "a longer body"),
    stricter("RFC 9112 §7.1.1: chunk extensions longer", rb";[^\r\n]{16000}", "longer extensions of chunks"),
]


def kind_of(seen):
    """What a side did: the text of a refusal is its own name."""
    if seen is None or isinstance(seen, str):
        return seen or QUIET
    return TUNNEL if seen == CONNECT_ANSWERED else TAKEN


def first_difference(ours, theirs):
    """What each has at the first place where they differ; None where they agree. Refusals may have different reasons."""
    for at in range(max(len(ours.requests), len(theirs.requests)) + 1):
        if ours[at] != theirs[at] and not (isinstance(ours[at], str) and isinstance(theirs[at], str)):
            return ours[at], theirs[at]
    return None


def without_host(request):
    return [field for field in request[PARTS.index("fields")] if not field.lower().startswith(b"host:")]


def kind_of_difference(ours, theirs):
    kinds = kind_of(ours), kind_of(theirs)
    if kinds != (TAKEN, TAKEN) or len(ours) != len(theirs):
        return kinds
    parts = [name for name, our_part, their_part in zip(PARTS, ours, theirs) if our_part != their_part]
    if parts == ["fields"] and without_host(ours) == without_host(theirs):
        parts = ["Host"]
    return TAKEN, OTHERWISE + " and ".join(parts)


def rule_of(data, ours, theirs):
    kinds = kind_of_difference(ours, theirs)
    return next((rule for rule in RULES if rule.fits(data, *kinds)), None)
