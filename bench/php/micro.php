<?php
// Nanoseconds of the single steps that a binding over FFI is made of: php micro.php LIBWM.SO CDEF_DIRECTORY
[, $library, $directory] = $argv;
$declarations = strtr(file_get_contents("$directory/wm.cdef.h"), [
    'int wm_conn_send(wm_conn conn, const void *data' => 'int wm_conn_send(wm_conn conn, const char *data',
]);
$wm = FFI::cdef($declarations, $library);

final class Step
{
    public int $value = 0;
    public ?object $other = null;
    public ?Closure $callback = null;

    public function method(): void
    {
    }
}

/** The loop itself is measured first and subtracted. */
function measure(string $name, callable $loop, float $empty = 0.0): float
{
    $times = [];
    for ($round = 0; $round < 7; $round++) {
        $start = hrtime(true);
        $loop(500_000);
        $times[] = (hrtime(true) - $start) / 500_000;
    }
    sort($times);
    printf("%-52s %7.1f\n", $name, $times[3] - $empty);
    return $times[3];
}

$text = $wm->new('char *');
$at = FFI::cast('uint64_t *', FFI::addr($text));
$bytes = FFI::new('char[4096]');
$at[0] = FFI::cast('uint64_t *', FFI::addr(FFI::addr($bytes)))[0];
$words = FFI::new('int64_t[8192]');
$events = $wm->new('wm_event[1024]');
$step = new Step();
$step->callback = function (): void {};
$version = $wm->wm_abi_version;
$string = str_repeat('x', 32);
$map = [7 => $step];
$data = str_repeat("\0", 64);

$empty = measure('empty loop', function (int $n): void { for ($i = 0; $i < $n; $i++); });
measure('a method', function (int $n) use ($step): void { for ($i = 0; $i < $n; $i++) $step->method(); }, $empty);
measure('a closure in a property', function (int $n) use ($step): void { for ($i = 0; $i < $n; $i++) ($step->callback)(); }, $empty);
measure('call_user_func of a closure', function (int $n) use ($step): void { for ($i = 0; $i < $n; $i++) call_user_func($step->callback, 1, 2); }, $empty);
measure('new of an object with three properties', function (int $n): void { for ($i = 0; $i < $n; $i++) new Step(); }, $empty);
measure('try and finally', function (int $n): void { for ($i = 0; $i < $n; $i++) try { $i++; $i--; } catch (Throwable) { } }, $empty);
measure('an element of a map by integer', function (int $n) use ($map): void { for ($i = 0; $i < $n; $i++) $map[7]; }, $empty);
measure('hrtime(true)', function (int $n): void { for ($i = 0; $i < $n; $i++) hrtime(true); }, $empty);
measure('strlen', function (int $n) use ($string): void { for ($i = 0; $i < $n; $i++) \strlen($string); }, $empty);
measure('substr of 32 bytes', function (int $n) use ($data): void { for ($i = 0; $i < $n; $i++) \substr($data, 8, 32); }, $empty);
measure('unpack of 8 integers', function (int $n) use ($data): void { for ($i = 0; $i < $n; $i++) \unpack('q8', $data); }, $empty);
measure('an integer of an int64_t array', function (int $n) use ($words): void { for ($i = 0; $i < $n; $i++) $words[5]; }, $empty);
measure('an integer written to a uint64_t pointer', function (int $n) use ($at): void { $x = $at[0]; for ($i = 0; $i < $n; $i++) $at[0] = $x; }, $empty);
measure('$events[1]->len, which makes an object', function (int $n) use ($events): void { for ($i = 0; $i < $n; $i++) $events[1]->len; }, $empty);
measure('FFI::string of 32 bytes of a char *', function (int $n) use ($text): void { for ($i = 0; $i < $n; $i++) FFI::string($text, 32); }, $empty);
measure('FFI::string of 16 KiB of an array', function (int $n) use ($words): void { for ($i = 0; $i < $n; $i++) FFI::string($words, 16384); }, $empty);
measure('an empty call, $wm->wm_abi_version()', function (int $n) use ($wm): void { for ($i = 0; $i < $n; $i++) $wm->wm_abi_version(); }, $empty);
measure('the same through a kept pointer, $version()', function (int $n) use ($version): void { for ($i = 0; $i < $n; $i++) $version(); }, $empty);
measure('wm_conn_send to a closed connection, 4 arguments', function (int $n) use ($wm, $string): void { for ($i = 0; $i < $n; $i++) $wm->wm_conn_send(1, $string, 32, 0); }, $empty);
measure('wm_strerror, which returns a string', function (int $n) use ($wm): void { for ($i = 0; $i < $n; $i++) $wm->wm_strerror(-1); }, $empty);

// A closure called by C: the difference of a sort with it and one without is not this; qsort calls it about n log n times.
$libc = FFI::cdef('void *bsearch(const void *key, const void *base, size_t n, size_t size, int (*compare)(uint64_t, uint64_t));');
$array = FFI::new('int64_t[1]');
$key = FFI::new('int64_t[1]');
$closure = $libc->cast('int (*)(uint64_t, uint64_t)', $libc->new('void *'));
measure('bsearch of one element with a closure made each time', function (int $n) use ($libc, $key, $array): void {
    $compare = static fn ($a, $b) => 0;
    for ($i = 0; $i < $n / 100; $i++) $libc->bsearch($key, $array, 1, 8, $compare);
}, $empty);
