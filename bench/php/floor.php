<?php
// The least that PHP can do over FFI, without classes and without an object of FFI for each message.
//     php floor.php LIBWM.SO CDEF_DIRECTORY echo|http|push pull|callback PORT [INNER_PORT]
[, $library, $directory, $load, $mode, $port] = $argv;

// Pointers that only pass through PHP are integers, and data that PHP sends is char *, which takes a string as it is.
$declarations = strtr(file_get_contents("$directory/wm.cdef.h"), [
    'int wm_conn_send(wm_conn conn, const void *data' => 'int wm_conn_send(wm_conn conn, const char *data',
    'const void *body, size_t len, int32_t flags' => 'const char *body, size_t len, int32_t flags',
    'typedef void (*wm_message_fn)(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)' =>
        'typedef void (*wm_message_fn)(uint64_t worker, wm_conn conn, uint64_t data, size_t len, int32_t kind, uint64_t user)',
]);
$wm = FFI::cdef($declarations, $library);
$app = $wm->wm_app_new();

function listen(FFI $wm, FFI\CData $app, string $address, ?Closure $onMessage): FFI\CData
{
    $worker = $wm->wm_worker_new($app, $address) ?? exit($wm->wm_last_error() . "\n");
    if ($onMessage !== null) {
        $wm->wm_worker_on_message($worker, $onMessage, null, null);
    }
    $wm->wm_worker_listen($worker) === 0 || exit($wm->wm_last_error() . "\n");
    return $worker;
}

// One char * for all messages: its address is written through $at.
$text = $wm->new('char *');
$at = FFI::cast('uint64_t *', FFI::addr($text));

// What a load does with a message of $len bytes at the address in $text: fn ($conn, $len, $request, $inner).
$pages = [];
$answers = [
    'echo' => static function (int $conn, int $len) use ($wm, $text): void {
        $wm->wm_conn_send($conn, FFI::string($text, $len), $len, 0);
    },
    'http' => static function (int $conn, int $len, int $request) use ($wm): void {
        $wm->wm_request_respond($request, 200, null, 0, 'Hello, world!', 13, 0);
    },
    'push' => static function (int $conn, int $len, int $request, bool $inner) use ($wm, $text, &$pages): void {
        $data = FFI::string($text, $len);
        if (!$inner) {
            $pages[$data] = $conn;
            return;
        }
        $page = $pages[json_decode($data, true)['uid']] ?? null;
        $page !== null && $wm->wm_conn_send($page, $data, $len, 0);
        $page !== null ? $wm->wm_conn_send($conn, 'ok', 2, 0) : $wm->wm_conn_send($conn, 'fail', 4, 0);
    },
];
$answer = $answers[$load];
$schemes = ['echo' => 'websocket', 'http' => 'http', 'push' => 'websocket'];

$called = static fn (bool $inner): Closure => static function ($worker, int $conn, int $data, int $len) use ($wm, $at, $answer, $load, $inner): void {
    $at[0] = $data;
    $answer($conn, $len, $load === 'http' ? $wm->wm_message_request($conn) : 0, $inner);
};
listen($wm, $app, "$schemes[$load]://127.0.0.1:$port", $mode === 'callback' ? $called(false) : null);
$inner = 0;
if ($load === 'push') {
    $worker = listen($wm, $app, "text://127.0.0.1:$argv[6]", $mode === 'callback' ? $called(true) : null);
    $inner = FFI::cast('uint64_t', $worker)->cdata;
}
if ($mode === 'callback') {
    exit($wm->wm_app_run($app));
}

function pull(FFI $wm, FFI\CData $app, FFI\CData $at, int $inner, Closure $answer): void
{
    $message = $wm->WM_EVENT_MESSAGE;
    $cap = 1024;
    $events = $wm->new("wm_event[$cap]");
    // A record: kind and flags, conn, worker, user, data, len, id, code and detail. The cast does not keep $events alive.
    $words = FFI::cast('int64_t[' . $cap * 8 . ']', $events);
    while (($count = $wm->wm_app_poll($app, $events, $cap, -1)) >= 0) {
        for ($i = 0, $end = $count * 8; $i < $end; $i += 8) {
            if (($words[$i] & 0xffffffff) === $message) {
                $at[0] = $words[$i + 4];
                $answer($words[$i + 1], $words[$i + 5], $words[$i + 6], $words[$i + 2] === $inner);
            }
        }
    }
}
pull($wm, $app, $at, $inner, $answer);
