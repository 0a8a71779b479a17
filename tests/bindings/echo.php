<?php
// A text echo over PHP's FFI: php echo.php LIBWM.SO CDEF_FOLDER pull|callback. Ends when its last client has gone.
[, $library, $folder, $mode] = $argv;
$wm = FFI::cdef(file_get_contents("$folder/wm.cdef.h"), $library);

// What the binding sees is what the headers say.
$api = json_decode(file_get_contents("$folder/wm.json"), true, 512, JSON_THROW_ON_ERROR);
$same = FFI::sizeof($wm->type('wm_event')) === 64 && $wm->wm_version() === $api['version'];
foreach (array_merge(...array_column($api['enums'], 'constants')) as $constant) {
    $same = $same && $wm->{$constant['name']} === $constant['value'];
}
foreach ($api['errors'] as $error) {
    $same = $same && $wm->wm_error_name($error['value']) === $error['name'] && $wm->wm_strerror($error['value']) === $error['text'];
}
$same || exit("record size, constants or texts differ from the headers\n");

$app = $wm->wm_app_new();
$worker = $wm->wm_worker_new($app, 'text://127.0.0.1:0') ?? exit($wm->wm_last_error() . "\n");
$messages = 0;
$open = null;
if ($mode === 'callback') {
    // A closure that returns nothing goes where C expects a void function; $data is a pointer with a length.
    $wm->wm_worker_on_message($worker, function ($worker, $conn, $data, $len) use ($wm, &$messages) {
        $wm->wm_conn_send($conn, $data, $len, 0);
        $messages++;
    }, null, null);
    $wm->wm_worker_on_open($worker, function () use (&$open) { $open = ($open ?? 0) + 1; }, null, null);
    $wm->wm_worker_on_close($worker, function () use (&$open) { $open--; }, null, null);
}
$wm->wm_worker_listen($worker) === 0 || exit($wm->wm_last_error() . "\n");
fwrite(STDOUT, $wm->wm_worker_address($worker) . "\n");

// Read once: an enum's constant is a look-up by name each time.
[$message, $opened, $closed] = [$wm->WM_EVENT_MESSAGE, $wm->WM_EVENT_OPEN, $wm->WM_EVENT_CLOSE];
$cap = 1024;
$events = $wm->new("wm_event[$cap]");
while ($open !== 0) {
    $count = $mode === 'callback' ? $wm->wm_app_run_once($app, 1000) : $wm->wm_app_poll($app, $events, $cap, 1000);
    $count >= 0 || exit($wm->wm_last_error() . "\n");
    for ($i = 0; $i < $count; $i++) {
        $event = $events[$i];
        $kind = $event->kind;
        if ($kind === $message) {
            $wm->wm_conn_send($event->conn, $event->data, $event->len, 0);
            $messages++;
        } elseif ($kind === $opened) {
            $open = ($open ?? 0) + 1;
        } elseif ($kind === $closed) {
            $open--;
            ($event->flags === $wm->WM_REASON_PEER && $event->code === 0 && $event->detail === 0) || exit("close record\n");
        }
    }
}
$usage = getrusage();
$wm->wm_app_free($app);
$cpu = ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1e9 + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) * 1e3;
printf("%d messages, %d ns each\n", $messages, $cpu / $messages);
