#include "wm-push/usage.h"

#include "wm/version.h"

namespace wm {

const char kVersionText[] = "wm-push " WM_VERSION "\n";

const char kTryHelpText[] = "Try wm-push --help.\n";

const char kUsageText[] = R"(Usage: wm-push [OPTIONS] UID BODY
       wm-push [OPTIONS] UID -k NAME=TEXT [-k NAME:=JSON]...
       wm-push [OPTIONS] -l UID
       wm-push [OPTIONS] --all BODY
Try wm-push --help.
)";

const char kHelpText[] =
    R"(Usage: wm-push [OPTIONS] UID BODY         push JSON to a user's web pages
       wm-push [OPTIONS] UID -k NAME=TEXT [-k NAME:=JSON]...
       wm-push [OPTIONS] -l UID           push each line of standard input
       wm-push [OPTIONS] --all BODY       push to every page
Prints ok if the message was queued for at least one page, else fail.

BODY: {"a":1}   an object is sent as written, with "uid":"UID" added
      <"a":1>   the same, for shells where braces need quoting
      [1,2]     any other JSON is sent as {"uid":"UID","data":[1,2]}
      @FILE, -  what is in a file, or all of standard input; a pipe is also
                read without -, if it does not stay silent for --timeout

  -k, --key NAME=TEXT   build an object; NAME:=JSON for values that are not text
  -l, --lines           push lines as they arrive; a line that is not an object
                        is sent as {"uid":"UID","line":"..."}. Goes on when the
                        server restarts; what it may have taken is not repeated
      --all             push to every page; sends BODY as it is
  -n, --no-input        do not read standard input (in while read loops)
  -s, --server ADDRESS  HOST[:PORT], unix:PATH or /PATH
                        (default: $WM_PUSH_SERVER, or 127.0.0.1:5678)
      --secret-file FILE  the secret of the server's --inner-secret-file
                        (default: $WM_PUSH_SECRET_FILE, or none)
      --timeout TIME    to connect, for each answer, and for -l in sum without
                        a connection: 500ms, 1m (default: 2s); if given, also
                        for - and @FILE, but not for the lines of -l
  -q, --quiet           print no answers
      --json            print {"push":1,"result":"ok"} for each push; result is
                        ok, fail, bad (not sent) or lost (not answered); the
                        last two have a "reason"; -l adds a summary line
                        {"pushes":2,"ok":1,"fail":1,"bad":0,"lost":0,"exit":3}
      --version, --help

Exit: 0 all ok, 1 all fail, 3 some of each, 2 wrong usage, 65 bad body,
      69 server unreachable, or a push lost; 74 answers not printed,
      75 timed out, 77 not permitted (65 and above override 1 and 3)

Examples:
  wm-push uid1 '{"percent":"88%"}'
  wm-push uid1 -k percent=88% -k done:=17
  make 2>&1 | wm-push -l uid1
)";

} // namespace wm
