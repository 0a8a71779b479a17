#include "wm-push/usage.h"

#include "wm/version.h"

namespace wm {

const char kVersionText[] = "wm-push " WM_VERSION "\n";

const char kTryHelpText[] = "Try wm-push --help.\n";

const char kUsageText[] = R"(Usage: wm-push [OPTIONS] UID BODY
       wm-push [OPTIONS] UID -k NAME=TEXT [-k NAME:=JSON]...
       wm-push [OPTIONS] -l UID
       wm-push [OPTIONS] --group GROUP BODY
       wm-push [OPTIONS] --all BODY
Try wm-push --help.
)";

const char kHelpText[] =
    R"(Usage: wm-push [OPTIONS] UID BODY         push JSON to a user's web pages
       wm-push [OPTIONS] UID -k NAME=TEXT [-k NAME:=JSON]...
       wm-push [OPTIONS] -l UID           push each line of standard input
       wm-push [OPTIONS] --online UID...  or another verb
BODY: {"a":1}, to which the uid is added; other JSON, as {"uid":"UID","data":5};
<"a":1>, where shells take braces; @FILE; - or a pipe: all of standard input.
Prints ok if the message was queued for at least one page, else fail.

  -k, --key NAME=TEXT   build an object; NAME:=JSON for values that are not text
  -l, --lines           push lines as they come, also when the server restarts;
                        text is sent as {"uid":"UID","line":"..."}
      --uid UID         in place of UID; repeatable, for a push to each
      --group GROUP     in place of UID: to the pages of a group, BODY alone
      --except UID      with --group: but not to the pages of that uid
      --all             in place of UID: to every page, BODY alone
      --latest KEY      for pages that read too slowly, keep the last of KEY
      --slow HOW        once they are far behind: close them, or drop-oldest
      --online          verb: ok if a page of UID is connected
      --kick            verb: close the pages of UID
      --code N          with --kick: the close code (default: 1008)
      --reason TEXT     with --kick: the reason that the pages get
      --join GROUP      verb: have the pages of UID join a group
      --leave GROUP     verb: have them leave it
  -n, --no-input        do not read standard input (in while read loops)
  -s, --server ADDRESS  HOST[:PORT] or /PATH (default: $WM_PUSH_SERVER, or
                        127.0.0.1:5678)
      --secret-file FILE  of the server (default: $WM_PUSH_SECRET_FILE, or none)
      --timeout TIME    to connect, for each answer, and for -l in sum without
                        a connection: 500ms, 1m (default: 2s)
  -q, --quiet           print no answers
      --json            print {"push":1,"result":"ok"} for each push: ok, fail,
                        unknown, bad (not sent) or lost (not answered)
      --version, --help

Exit: 0 all ok, 1 all fail, 3 some of each, 2 wrong usage, 65 bad body,
      69 server unreachable, or a push lost; 74 answers not printed, 75 timed
      out or unknown, 77 not permitted (65 and above override 1 and 3)

Examples:
  wm-push uid1 '{"percent":"88%"}'
  wm-push uid1 -k percent=88% -k done:=17
  make 2>&1 | wm-push -l uid1
)";

} // namespace wm
