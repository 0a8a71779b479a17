"""The rows of bench/run (ROWS), and of bench/instructions and bench/calls (SINGLE): what load, on which servers."""
import dataclasses

ECHO_SERVERS = ("bare", "libwm", "pull", "master", "other")
# wm-serve has one process under its master, and no pull mode.
PUSH_SERVERS = ("bare", "libwm", "other")
# The bare servers take a message from one read.
LARGE_SERVERS = ("libwm", "pull", "master", "other")


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    mode: str       # of wm-load
    options: tuple  # of wm-load
    servers: tuple
    timed: bool = True   # takes -d; the others end by themselves
    rounds: int = 10**6  # at most
    unit: str = "ns a message"


def echo(name, mode, *options, servers=ECHO_SERVERS):
    return Row(name, mode, options, servers)


def pushing(name, *options, mode="push"):
    return Row(name, mode, options, PUSH_SERVERS)


def in_flight(name, mode, *options):
    return [echo("%s, %d in flight" % (name, depth), mode, "-c", "50", "-p", str(depth), *options) for depth in (16, 1)]


def datagrams(depth):
    return echo("udp echo, 64 B, %d in flight" % depth, "udp", "-c", "1", "-p", str(depth))


def large(name, size):
    return echo("websocket echo, %s" % name, "ws", "-c", "10", "-p", "1", "-s", str(size), "--max-batch", str(2 * size), servers=LARGE_SERVERS)


def pages(count):
    return "1 page" if count == 1 else "{:,} pages".format(count).replace(",", " ")


def push(count, depth):
    return pushing("push, %s, %d in flight" % (pages(count), depth), "-c", str(count), "-p", str(depth))


def broadcast(count):
    return pushing("broadcast to %s" % pages(count), "-c", str(count), "-p", "1", "--inner-connections", "1", mode="broadcast")


def growth(count):
    return Row("opening %s" % pages(count), "idle", ("-c", str(count)), PUSH_SERVERS, timed=False, rounds=10, unit="ns a page")


ROWS = [
    *in_flight("raw echo, 64 B", "echo"),
    *in_flight("text echo, 64 B", "text"),
    *in_flight("websocket echo, 64 B", "ws"),
    *in_flight("http GET", "http"),
    datagrams(64),
    datagrams(16),
    datagrams(1),
    large("64 KiB", 1 << 16),
    large("128 KiB", 1 << 17),
    large("1 MiB", 1 << 20),
    push(100, 16),
    push(100, 1),
    push(1, 16),
    push(1000, 16),
    push(10000, 16),
    broadcast(1000),
    broadcast(10000),
    pushing("connect, handshake, uid, close; 50 at a time", "-c", "50", mode="churn"),
    echo("text echo, 20 000 messages/s", "text", "-c", "100", "--rate", "20000"),
    echo("websocket echo, 20 000 messages/s", "ws", "-c", "100", "--rate", "20000"),
    pushing("push, 100 pages, 20 000 lines/s", "-c", "100", "--rate", "20000"),
    growth(10000),
    # wm-serve keeps a tenth of 20 000 descriptors, and some for lines.
    growth(17900),
]


@dataclasses.dataclass(frozen=True)
class Single:
    """In steady rows one connection sends, so that each turn of the loop does the same: of several, a turn serves now more, now fewer."""

    name: str
    mode: str      # of wm-load
    options: list  # of wm-load
    count: int     # of messages
    server: dict = dataclasses.field(default_factory=dict)  # options of servers.start_libwm
    steady: bool = True  # what a turn does depends on no timing
    tls: bool = False

    def per_message(self, once, twice):
        """The difference of runs with -n count and twice that, for each message: start, handshakes and end cancel."""
        return (twice - once) / (self.count * 1.1)  # wm-load warms up with a tenth more


SIZE = ["-s", "64"]
ONE_PAGE = ["-c", "1", "--inner-connections", "1", *SIZE]


def single_large(name, size):
    options = ["-c", "10", "-p", "1", "-s", str(size), "--max-batch", str(2 * size)]
    return Single("websocket echo, %s" % name, "ws", options, 400, steady=False)


SINGLE = [
    Single("text echo, 64 B, 1 in flight", "text", ["-c", "1", "-p", "1", *SIZE], 4000),
    Single("text echo, 64 B, 16 in flight", "text", ["-c", "1", "-p", "16", *SIZE], 16000),
    Single("text echo, 64 B, 1 in flight, under a master", "text", ["-c", "1", "-p", "1", *SIZE], 4000, {"master": True}),
    Single("http GET, 1 in flight", "http", ["-c", "1", "-p", "1"], 4000),
    Single("http GET, 16 in flight", "http", ["-c", "1", "-p", "16"], 16000),
    Single("http GET, 16 in flight, access log", "http", ["-c", "1", "-p", "16"], 16000, {"access_log": "combined"}),
    Single("http GET, 16 in flight, access log as JSON", "http", ["-c", "1", "-p", "16"], 16000, {"access_log": "json"}),
    Single("http GET, 10 000 targets, 16 in flight", "http", ["-c", "1", "-p", "16", "--targets", "10000"], 16000),
    Single("websocket echo, 64 B, 1 in flight", "ws", ["-c", "1", "-p", "1", *SIZE], 4000),
    Single("websocket echo, 64 B, 16 in flight", "ws", ["-c", "1", "-p", "16", *SIZE], 16000),
    Single("websocket echo, 64 B, 1 in flight, pull", "ws", ["-c", "1", "-p", "1", *SIZE], 4000, {"pull": True}),
    Single("websocket echo, 64 B, 16 in flight, pull", "ws", ["-c", "1", "-p", "16", *SIZE], 16000, {"pull": True}),
    Single("udp echo, 64 B, 1 in flight", "udp", ["-c", "1", "-p", "1", *SIZE], 4000),
    Single("udp echo, 64 B, 16 in flight", "udp", ["-c", "1", "-p", "16", *SIZE], 16000),
    single_large("64 KiB", 1 << 16),
    single_large("128 KiB", 1 << 17),
    single_large("1 MiB", 1 << 20),
    Single("push, 1 page, 1 line in flight", "push", [*ONE_PAGE, "-p", "1"], 4000),
    Single("push, 1 page, 16 lines in flight", "push", [*ONE_PAGE, "-p", "16"], 16000),
    Single("broadcast of a line of 64 B to 100 pages", "broadcast", ["-c", "100", "--inner-connections", "1", *SIZE], 400),
    Single("websocket echo, 64 B, 1 in flight, TLS", "ws", ["-c", "1", "-p", "1", *SIZE], 4000, tls=True),
    Single("http GET, 16 in flight, TLS", "http", ["-c", "1", "-p", "16"], 16000, tls=True),
    # Its turns depend on when the next connection comes: the figure repeats within 2 %.
    Single("connect, handshake, uid, close", "churn", ["-c", "1"], 400, steady=False),
]
