"""What the tools print for --help and `help`, as data: flags with their values and texts, commands, and the other paragraphs."""
import dataclasses
import re

FLAG = re.compile(r" +(-[^ ]+(?:, ?-[^ ]+)*)(?: ([A-Z][^ ]*))?(?:  +(.*))?")
COMMAND = re.compile(r"  ([a-z]+)  +(.*)")
CONTINUED = re.compile(r" {12,}(\S.*)")
TEXTS = {"--version": "print the version", "--help": "print the help"}  # of flags that are listed without one
HEADINGS = {"options:", "flags:", "commands:", "more commands:", "subcommands:"}


@dataclasses.dataclass
class Flag:
    """A flag; `value` is empty for one that takes none."""
    names: list
    value: str
    text: str

    @property
    def long(self):
        return next((name for name in self.names if name.startswith("--")), "")

    @property
    def brief(self):
        """The text without defaults and details."""
        text = re.split(r" \(|; |: pid|: \d", self.text)[0]
        return f"{text}: the order of the lines" if self.value == "COLUMN" else text

    @property
    def takes(self):
        """What may be offered as its value: "files", "users", "groups", a list of words, or None."""
        if self.value in ("PATH", "FILE"):
            return "files"
        if self.value == "SWITCH":
            return ["on", "off"]
        if self.value == "NAME" and self.long in ("--user", "--group"):
            return self.long[2:] + "s"
        if self.value in ("COLUMN", "LEVEL"):
            return re.split(", | or ", self.text.split(" (")[0].split(": ")[-1])
        return ["off"] if self.text.find("or off") >= 0 else None


class Help:
    """One printed help."""

    def __init__(self, text):
        self.flags, self.commands, self.usage, self.blocks = [], [], [], []
        for paragraph in text.strip("\n").split("\n\n"):
            self._take(paragraph.strip("\n").split("\n"))

    def _take(self, lines):
        if lines[0].lower() in HEADINGS:
            lines = lines[1:]
        elif lines[0] == "Positionals:":
            return  # the commands are listed by `help`
        elif not FLAG.fullmatch(lines[0]):
            rest = [line for line in lines if not self._is_usage(line)]
            if rest:
                self.blocks.append(rest)
            return
        last = None
        for line in lines:
            flag, command, continued = FLAG.fullmatch(line), COMMAND.fullmatch(line), CONTINUED.fullmatch(line)
            if flag:
                last = Flag(re.split(", ?", flag[1]), flag[2] or "", flag[3] or "")
                self.flags += [last] if last.text else [Flag([name], "", TEXTS.get(name, "")) for name in last.names]
            elif command:
                last = None
                self.commands.append((command[1], command[2]))
            elif continued and last:
                last.text += " " + continued[1]
            elif continued and self.commands:
                name, text = self.commands[-1]
                self.commands[-1] = (name, text + " " + continued[1])

    def _is_usage(self, line):
        match = re.match(r"(?:[Uu]sage:| {6}) (\S.*)", line)
        if match:
            self.usage.append(match[1])
        return bool(match)
