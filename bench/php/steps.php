<?php
// Nanoseconds of the single steps that a binding over FFI is made of: php steps.php LIBWM.SO CDEF_DIRECTORY
[, $library, $directory] = $argv;
$wm = FFI::cdef(strtr(file_get_contents("$directory/wm.cdef.h"), [
    'int wm_conn_send(wm_conn conn, const void *data' => 'int wm_conn_send(wm_conn conn, const char *data',
    'const void *headers, size_t headers_len, const void *body, size_t len, int32_t flags' =>
        'const char *headers, size_t headers_len, const char *body, size_t len, int32_t flags',
]), $library);
$c = FFI::cdef('
    int64_t labs(int64_t number);
    int memcmp(const char *a, const char *b, size_t len);
    void qsort(int64_t *base, size_t count, size_t size, int (*compare)(uint64_t a, uint64_t b));');

const TIMES = 300_000;
const ROUNDS = 15;

final class Step
{
    public int $first = 0;
    public ?object $second = null;
    public ?Closure $callback = null;

    public function method(): void
    {
    }
}

/** The least of the rounds; the loop itself is measured first and subtracted. */
function measure(string $name, Closure $loop): void
{
    static $empty = 0.0;
    $least = INF;
    for ($round = 0; $round < ROUNDS; $round++) {
        $start = hrtime(true);
        $loop(TIMES);
        $least = min($least, (hrtime(true) - $start) / TIMES);
    }
    printf("%-52s %6.1f\n", $name, $least - $empty);
    $empty = $empty ?: $least;
}

$text = $wm->new('char *');
$at = FFI::cast('uint64_t *', FFI::addr($text));
$bytes = FFI::new('char[16384]');
$at[0] = FFI::cast('uint64_t', FFI::addr($bytes[0]))->cdata;
$words = FFI::new('int64_t[8192]');
$events = $wm->new('wm_event[1024]');
$step = new Step();
$step->callback = static function (): void {};
$map = [7 => $step];
$data = str_repeat('x', 64);

measure('the loop', static function (int $n) { for ($i = 0; $i < $n; $i++); });
measure('a method', static function (int $n) use ($step) { for ($i = 0; $i < $n; $i++) $step->method(); });
measure('a closure in a property', static function (int $n) use ($step) { for ($i = 0; $i < $n; $i++) ($step->callback)(); });
measure('call_user_func of a closure', static function (int $n) use ($step) { for ($i = 0; $i < $n; $i++) call_user_func($step->callback); });
measure('an object of three properties', static function (int $n) { for ($i = 0; $i < $n; $i++) new Step(); });
measure('an element of an array, by integer', static function (int $n) use ($map) { for ($i = 0; $i < $n; $i++) $map[7]; });
measure('64 bytes appended to a string', static function (int $n) use ($data) { for ($i = 0, $all = ''; $i < $n; $i++) $i & 255 ? $all .= $data : $all = ''; });
measure('substr of 32 bytes', static function (int $n) use ($data) { for ($i = 0; $i < $n; $i++) substr($data, 8, 32); });
measure('hrtime(true)', static function (int $n) { for ($i = 0; $i < $n; $i++) hrtime(true); });
measure('unpack of 8 integers', static function (int $n) use ($data) { for ($i = 0; $i < $n; $i++) unpack('q8', $data); });
measure('an integer of an int64_t array', static function (int $n) use ($words) { for ($i = 0; $i < $n; $i++) $words[5]; });
measure('the same, written', static function (int $n) use ($words) { for ($i = 0; $i < $n; $i++) $words[5] = $i; });
measure('a member of a record, which makes an object', static function (int $n) use ($events) { for ($i = 0; $i < $n; $i++) $events[1]->len; });
measure('FFI::string of 32 bytes', static function (int $n) use ($text) { for ($i = 0; $i < $n; $i++) FFI::string($text, 32); });
measure('FFI::string of 16 KiB', static function (int $n) use ($text) { for ($i = 0; $i < $n; $i++) FFI::string($text, 16384); });
measure('an empty C function, no arguments', static function (int $n) use ($wm) { for ($i = 0; $i < $n; $i++) $wm->wm_abi_version(); });
measure('an empty C function, 1 argument', static function (int $n) use ($c) { for ($i = 0; $i < $n; $i++) $c->labs(1); });
measure('an empty C function, 3 arguments', static function (int $n) use ($c) { for ($i = 0; $i < $n; $i++) $c->memcmp('a', 'b', 0); });
measure('wm_conn_send to a closed connection, 4 arguments', static function (int $n) use ($wm, $data) { for ($i = 0; $i < $n; $i++) $wm->wm_conn_send(1 << 29, $data, 64, 0); });
measure('wm_request_respond to none, 7 arguments', static function (int $n) use ($wm, $data) { for ($i = 0; $i < $n; $i++) $wm->wm_request_respond(3 << 28, 200, '', 0, $data, 64, 0); });

// How often a sort of this array calls the closure is counted first.
$calls = 0;
$c->qsort($words, 8192, 8, static function ($a, $b) use (&$calls) { $calls++; return 1; });
measure('a closure called by C, 2 arguments', static function (int $n) use ($c, $words, $calls) {
    for ($i = 0; $i < intdiv($n, $calls) + 1; $i++) {
        $c->qsort($words, 8192, 8, static fn ($a, $b) => 1);
    }
});
